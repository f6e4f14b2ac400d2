//! This machine's settings: `settings.json`. Losing it costs a visit to the settings screen, never a sale.

pub(crate) mod change;

use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use suanpan_contract::{DeviceSettings, Language};

use crate::files;

const FILE: &str = "settings.json";

/// Widths of paper, mm; 0 stands for the usual one.
const PAPERS_MM: [u8; 3] = [0, 58, 80];

/// What is set on the machine itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MachineSettings {
    /// Language of screen and receipts.
    pub language: Language,
    /// Printer and scale.
    pub devices: DeviceSettings,
}

/// Settings as they were read.
#[derive(Debug, Default)]
pub struct Loaded {
    /// What could be read, and the first ones for the rest.
    pub settings: MachineSettings,
    /// What was wrong with the file.
    pub fault: Option<Fault>,
}

/// What was wrong with a settings file.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    /// The settings that could not be read, by name, or why none could.
    pub what: String,
    /// The file as it was; `None` when it could not be moved.
    pub kept: Option<PathBuf>,
}

impl MachineSettings {
    /// Reads the folder's settings. Each stands for itself: an odd one is left at its first value, the others are used. The
    /// faulty file is kept aside, and what could be read is written in its place.
    pub fn load(dir: &Path) -> Loaded {
        let path = dir.join(FILE);
        let (settings, what) = match files::read(&path) {
            Ok(None) => return Loaded::default(),
            Ok(Some(bytes)) => read(&bytes),
            // Nobody is helped by moving what another user owns.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                let fault = Fault { what: error.to_string(), kept: None };
                return Loaded { fault: Some(fault), ..Loaded::default() };
            }
            Err(error) => (MachineSettings::default(), Some(error.to_string())),
        };
        let fault = what.map(|what| {
            let kept = files::keep_aside(&path);
            if kept.is_ok()
                && let Err(error) = settings.save(dir)
            {
                tracing::warn!(error.what = %error, "settings.not_saved");
            }
            tracing::warn!(settings.what = what, settings.kept = ?kept, "settings.faulty");
            Fault { what, kept: kept.ok() }
        });
        Loaded { settings, fault }
    }

    /// Writes the folder's settings.
    ///
    /// *Errors:* the system's.
    pub fn save(&self, dir: &Path) -> io::Result<()> {
        files::write_private(&dir.join(FILE), &serde_json::to_vec_pretty(self).unwrap_or_default())
    }
}

/// Reads what can be read, and says what could not.
fn read(bytes: &[u8]) -> (MachineSettings, Option<String>) {
    let mut settings = MachineSettings::default();
    let text = files::text(bytes).ok_or("it is no text");
    let table = text.and_then(|text| match serde_json::from_str(&text) {
        Ok(Value::Object(table)) => Ok(table),
        Ok(_) => Err("it is no table of settings"),
        Err(_) => Err("it is no JSON"),
    });
    let table = match table {
        Ok(table) => table,
        Err(what) => return (settings, Some(what.to_owned())),
    };
    let mut odd = vec![];
    take(&table, "language", &mut settings.language, &mut odd);
    match table.get("devices") {
        None => {}
        Some(Value::Object(devices)) => {
            let DeviceSettings { printer, paper_mm, scale_port } = &mut settings.devices;
            take(devices, "printer", printer, &mut odd);
            take(devices, "paper_mm", paper_mm, &mut odd);
            take(devices, "scale_port", scale_port, &mut odd);
            if !PAPERS_MM.contains(paper_mm) {
                *paper_mm = 0;
                odd.push("paper_mm");
            }
        }
        Some(_) => odd.push("devices"),
    }
    if odd.is_empty() && std::str::from_utf8(bytes).is_ok_and(|text| !text.starts_with('\u{feff}')) {
        return (settings, None);
    }
    odd.is_empty().then(|| odd.push("its encoding"));
    (settings, Some(odd.join(", ")))
}

fn take<T: DeserializeOwned>(
    table: &Map<String, Value>,
    name: &'static str,
    setting: &mut T,
    odd: &mut Vec<&'static str>,
) {
    let Some(value) = table.get(name) else { return };
    match T::deserialize(value) {
        Ok(read) => *setting = read,
        Err(_) => odd.push(name),
    }
}

#[cfg(test)]
mod tests {
    use suanpan_contract::PrinterTarget;

    use super::*;

    const WHOLE: &str = r#"{"language":"en","devices":{"printer":{"kind":"tcp","address":"192.168.1.50:9100"},
        "paper_mm":58,"scale_port":"/dev/ttyUSB0"}}"#;

    fn whole() -> MachineSettings {
        let printer = PrinterTarget::Tcp { address: "192.168.1.50:9100".into() };
        let devices = DeviceSettings { printer, paper_mm: 58, scale_port: "/dev/ttyUSB0".into() };
        MachineSettings { language: Language::En, devices }
    }

    /// Loads a file: what is used of it, what was wrong, and that the file is kept as it was.
    fn check(bytes: &[u8], used: &MachineSettings, what: Option<&str>) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FILE), bytes).unwrap();
        let loaded = MachineSettings::load(dir.path());
        let shown = String::from_utf8_lossy(bytes);
        assert_eq!(&loaded.settings, used, "{shown}");
        assert_eq!(loaded.fault.as_ref().map(|fault| fault.what.as_str()), what, "{shown}");
        if let Some(kept) = loaded.fault.and_then(|fault| fault.kept) {
            assert_eq!(std::fs::read(kept).unwrap(), bytes);
        }
        let again = MachineSettings::load(dir.path());
        assert_eq!((&again.settings, again.fault), (used, None), "told once: {shown}");
    }

    #[test]
    fn of_a_broken_settings_file_the_rest_is_used_and_the_file_is_kept() {
        let first = MachineSettings::default();
        check(WHOLE.as_bytes(), &whole(), None);
        check(&[0; 200], &first, Some("it is no JSON"));
        check(b"", &first, Some("it is no JSON"));
        check(&WHOLE.as_bytes()[..60], &first, Some("it is no JSON"));
        check(b"[1, 2]", &first, Some("it is no table of settings"));
        check(b"\xc3\x28", &first, Some("it is no text"));
        check(&vec![b' '; 70_000], &first, Some("the file is too long"));
        check(&[b"\xef\xbb\xbf", WHOLE.as_bytes()].concat(), &whole(), Some("its encoding"));
        let wide: Vec<u8> =
            std::iter::once(0xfeff).chain(WHOLE.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        check(&wide, &whole(), Some("its encoding"));

        let odd = WHOLE.replace("58", "\"fifty\"");
        let mut used = whole();
        used.devices.paper_mm = 0;
        check(odd.as_bytes(), &used, Some("paper_mm"));
        check(WHOLE.replace("58", "77").as_bytes(), &used, Some("paper_mm"));
        let odd = WHOLE.replace("\"en\"", "7").replace("\"tcp\"", "\"pigeon\"");
        let devices = DeviceSettings { printer: PrinterTarget::None, ..whole().devices };
        check(odd.as_bytes(), &MachineSettings { devices, ..first.clone() }, Some("language, printer"));
        check(
            br#"{"language":"en","devices":3}"#,
            &MachineSettings { language: Language::En, ..first },
            Some("devices"),
        );
    }

    #[test]
    fn a_folder_in_the_settings_place_is_moved_out_of_the_way() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join(FILE)).unwrap();
        let loaded = MachineSettings::load(dir.path());
        assert!(loaded.fault.and_then(|fault| fault.kept).is_some_and(|kept| kept.is_dir()));
        assert_eq!(MachineSettings::load(dir.path()).fault, None);
    }
}
