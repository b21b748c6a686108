//! Nothing, under the name of the SQLite driver of sqlx.
//!
//! The PostgreSQL peers need sqlx, whose lock file names its SQLite driver though nothing asks for
//! it. That driver links another SQLite than the framework suite does, and only one may be locked.
