"""Readers of transcripts in the forms that others define, one module each."""
