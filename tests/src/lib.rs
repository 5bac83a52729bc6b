//! The integration tests; see `tests/`.
