"""A local AWS for tests and demonstrations: moto in this process, with its gaps mended, a request log, faults and seeding."""
