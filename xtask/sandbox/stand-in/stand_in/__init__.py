"""A local AWS for tests and `demo`: moto with patches for its gaps, a request log, faults and seeding."""
