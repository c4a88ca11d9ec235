"""How the store got here: one dated file a revision, applied by `migrations.runner`."""
