//! The rules of the house that no linter knows, as data: who may import whom, how long things may be, which
//! words belong nowhere. Each check is a pure function from a source to its findings.

use std::process::{Command, ExitCode};

mod code;
mod lengths;
mod manifests;
mod words;

/// A file of the repository: its path from the root, with `/`, and its text.
struct Source {
    path: String,
    text: String,
}

impl Source {
    fn is(&self, extensions: &[&str]) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, extension)| extensions.contains(&extension))
    }

    fn is_under(&self, folders: &[&str]) -> bool {
        folders.iter().any(|folder| self.path.starts_with(folder))
    }
}

/// A broken rule: where (`path` or `path:line`) and what to do about it.
type Finding = String;

/// Checks every file that git tracks or would track, and prints what breaks a rule.
pub(crate) fn run() -> ExitCode {
    let sources = match sources() {
        Ok(sources) => sources,
        Err(error) => {
            eprintln!("The files cannot be listed: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut findings = manifests::check(&sources);
    for source in &sources {
        findings.extend(lengths::check(source));
        findings.extend(words::check(source));
    }
    for finding in &findings {
        eprintln!("{finding}");
    }
    println!("{} files, {} findings", sources.len(), findings.len());
    if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The text files of the repository; pictures and other bytes are left out.
fn sources() -> std::io::Result<Vec<Source>> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .output()?;
    if !listed.status.success() {
        return Err(std::io::Error::other(String::from_utf8_lossy(&listed.stderr).into_owned()));
    }
    let mut sources = Vec::new();
    for path in String::from_utf8_lossy(&listed.stdout).split_terminator('\0') {
        // A file deleted but not yet committed is still listed.
        let Ok(bytes) = std::fs::read(path) else { continue };
        if let Ok(text) = String::from_utf8(bytes) {
            sources.push(Source { path: path.to_owned(), text });
        }
    }
    Ok(sources)
}

#[cfg(test)]
fn source(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), text: text.to_owned() }
}
