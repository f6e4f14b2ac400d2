//! What a target is, and the samples that targets share.

use std::path::{Path, PathBuf};

/// A reader, its samples, and what to do with bytes: gives how they came out, and panics where a promise is broken.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) seeds: fn() -> Vec<Vec<u8>>,
    pub(crate) run: fn(&[u8]) -> String,
}

#[cfg(not(fuzzing))]
impl Target {
    pub(crate) fn write_samples(&self, folder: &Path) -> std::io::Result<()> {
        let folder = folder.join(self.name);
        std::fs::create_dir_all(&folder)?;
        (self.seeds)()
            .iter()
            .enumerate()
            .try_for_each(|(nth, seed)| std::fs::write(folder.join(format!("sample-{nth}")), seed))
    }
}

pub(crate) fn golden_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../golden/v1")
}

/// A file of samples.
pub(crate) fn golden(name: &str) -> serde_json::Value {
    let text = std::fs::read(golden_dir().join(name)).expect(name);
    serde_json::from_slice(&text).expect(name)
}

/// Every sample that is a JSON message: those of whole files, and those written as texts in them.
pub(crate) fn golden_texts() -> Vec<Vec<u8>> {
    let mut texts = Vec::new();
    for name in ["certificate.json", "feed.json", "sync.json", "signature.json"] {
        let file = golden(name);
        for value in file.as_object().expect(name).values() {
            texts.push(value.as_str().map_or_else(|| value.to_string(), str::to_owned).into_bytes());
        }
        texts.push(file.to_string().into_bytes());
    }
    texts
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let text: String = text.split_whitespace().collect();
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal");
    (0..text.len()).step_by(2).map(digit).collect()
}
