//! What a hub does, told once and run over both databases: each story runs on SQLite as a test of its own, and
//! `postgresql` runs this program again with every story on PostgreSQL.

mod access;
mod bad_till;
mod commands;
mod days;
mod dictionary;
mod documented;
mod feed;
mod gate;
mod http;
mod import;
mod import_files;
mod journal;
mod lost;
mod models;
mod postgresql;
mod process;
mod program;
mod push;
mod quotas;
mod refunds;
mod reports;
mod rights;
mod shared;
mod spread;
mod standing;
mod support;
