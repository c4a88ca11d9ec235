"""What moves in and out of the store: other formats, other databases, and the store's own form."""
