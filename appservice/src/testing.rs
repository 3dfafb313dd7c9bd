//! A fake homeserver for tests.
