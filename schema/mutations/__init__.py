"""The mutations, one module a noun: inputs, payloads and fields."""
