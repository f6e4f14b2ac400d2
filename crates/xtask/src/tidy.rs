//! The rules of the house that no linter knows, as data: who may import whom, how long things may be, which
//! words belong nowhere. Each check is a pure function from a source to its findings.

use std::process::ExitCode;

mod circles;
mod code;
mod codes;
mod lengths;
mod manifests;
mod roles;
mod source;
mod words;

/// Checks every file that git tracks or would track, and prints what breaks a rule.
pub(crate) fn run() -> ExitCode {
    let sources = match source::sources() {
        Ok(sources) => sources,
        Err(error) => {
            eprintln!("The files cannot be listed: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut findings = manifests::check(&sources);
    findings.extend(circles::check(&sources));
    findings.extend(codes::check(&sources));
    for source in &sources {
        findings.extend(lengths::check(source));
        findings.extend(words::check(source));
        findings.extend(roles::check(source));
    }
    for finding in &findings {
        eprintln!("{finding}");
    }
    println!("{} files, {} findings", sources.len(), findings.len());
    if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
