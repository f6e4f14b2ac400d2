//! What a till finds in its folder: another till's ledger, another shop's prices, broken settings, a broken key.

use std::path::Path;

use suanpan_contract::pos::{Command, Found, Screen};
use suanpan_contract::{Code, DeviceSettings, Language, PrinterTarget};
use suanpan_domain::catalogue::Table;
use suanpan_journal::{Certificate, Enrolment, SigningKey, StationId};
use suanpan_ledger::FeedRow;
use suanpan_station::identity::Identity;
use suanpan_station::settings::MachineSettings;
use suanpan_tests::catalogue::{self, gtin};
use suanpan_tests::rig::{Rig, identity};

/// Another till of the same site.
fn neighbour() -> Identity {
    let (hub, seed) = (SigningKey::from_seed(&[9; 32]), [8; 32]);
    let public_key = SigningKey::from_seed(&seed).public();
    let enrolment =
        Enrolment { station: StationId([3; 16]), till: 3, public_key, ..identity().certificate.enrolment };
    Identity::new(seed, Certificate::issue(enrolment, &hub), hub.public(), String::new())
}

fn told(rig: &Rig) -> Option<Code> {
    rig.now().message.map(|message| message.code)
}

fn numbers(rig: &Rig) -> Vec<String> {
    match rig.found(Command::FindDocuments { number: String::new() }) {
        Some(Found::Documents { documents }) => documents.into_iter().map(|row| row.number).collect(),
        other => panic!("{other:?}"),
    }
}

fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("a file")
}

#[test]
fn another_tills_ledger_is_told_kept_aside_and_none_of_its_sales_becomes_this_tills() {
    let mut rig = Rig::new();
    rig.open_shift();
    rig.sell_rice();
    rig.sell_rice();
    rig.scan(&gtin("690000000001"));
    let printed = numbers(&rig);
    rig.stop();
    // The disk of till 2 goes into till 3.
    neighbour().save(rig.dir.path()).expect("an identity");
    let ledger = rig.dir.path().join("ledger.db");
    let before = bytes(&ledger);
    rig.start();
    let message = rig.now().message.expect("a warning");
    assert_eq!((message.code, message.args["kept"].as_str()), (Code::LedgerAnothers, "ledger.db"));
    let view = rig.sign_in("1101", "3141");
    assert_eq!(view.screen, Screen::OpenShift, "the shift was the other till's");
    assert!(view.basket.lines.is_empty(), "and so was the basket");
    rig.view(Command::OpenShift { float_fen: 20_000 });
    assert_eq!(numbers(&rig), Vec::<String>::new());
    rig.sell_rice();
    let new = numbers(&rig);
    assert!(
        matches!(&new[..], [one] if one.starts_with("TH01-3-") && !printed.contains(one)),
        "{new:?} {printed:?}"
    );
    assert!(bytes(&ledger) == before, "left as it was");
    rig.restart();
    assert_eq!(told(&rig), None, "told once");

    // The right identity is back, and with it what it had sold.
    rig.stop();
    identity().save(rig.dir.path()).expect("an identity");
    rig.start();
    assert_eq!(told(&rig), Some(Code::LedgerAnothers));
    rig.sign_in("1101", "3141");
    assert_eq!(numbers(&rig), printed);
    assert_eq!(rig.lines().len(), 1, "the basket too");
}

#[test]
fn nothing_is_sold_by_another_shops_prices() {
    let of_site = |site: &str| -> Vec<FeedRow> {
        let rows = catalogue::rows().into_iter();
        rows.map(|row| FeedRow { scope: format!("site:{site}"), ..row }).collect()
    };
    for (site, screen, code) in
        [("TH01", Screen::SignIn, None), ("TH02", Screen::Waiting, Some(Code::CatalogueAnothers))]
    {
        let mut rig = Rig::stopped(&[], None);
        let rows = of_site(site);
        {
            let lock = suanpan_ledger::Lock::acquire(rig.dir.path()).expect("the folder");
            let mut catalogue = suanpan_ledger::Catalogue::open(&lock).expect("a catalogue").catalogue;
            let version = rows.len() as u64;
            let heads = catalogue::cut(version).into_iter();
            let heads: Vec<_> =
                heads.map(|head| suanpan_ledger::CutHead { scope: format!("site:{site}"), ..head }).collect();
            catalogue.apply(&heads, &rows, 1).expect("the rows");
        }
        rig.start();
        assert_eq!((rig.now().screen, told(&rig)), (screen, code), "{site}");
    }
    // The table's name is the contract between the two.
    assert_eq!(Table::Settings.name(), "settings");
}

#[test]
fn broken_settings_are_told_kept_and_what_can_be_read_of_them_is_used() {
    let broken = r#"{"language":"en","devices":{"printer":{"kind":"tcp"},"paper_mm":58}}"#;
    let mut rig = Rig::stopped(&catalogue::rows(), None);
    let path = rig.dir.path().join("settings.json");
    std::fs::write(&path, broken).expect("settings");
    rig.start();
    let view = rig.now();
    let message = view.message.expect("a warning");
    assert_eq!((message.code, message.args["what"].as_str()), (Code::SettingsDamaged, "printer"));
    assert_eq!(bytes(&rig.dir.path().join(&message.args["kept"])), broken.as_bytes());
    assert_eq!(view.language, Language::En);
    let used = DeviceSettings { paper_mm: 58, ..DeviceSettings::default() };
    assert_eq!(rig.found(Command::GetDevices), Some(Found::Devices { devices: used }));
    rig.restart();
    assert_eq!(told(&rig), None, "told once");

    // Before a till is enrolled too.
    let mut rig = Rig::unenrolled();
    std::fs::write(rig.dir.path().join("settings.json"), [0; 300]).expect("settings");
    rig.start();
    assert_eq!(told(&rig), Some(Code::SettingsDamaged));
}

#[test]
fn a_broken_identity_is_told_as_such_and_nothing_is_changed() {
    let mut rig = Rig::new();
    rig.open_shift();
    rig.sell_rice();
    rig.stop();
    let [path, twin] = ["identity.json", "identity.spare"].map(|name| rig.dir.path().join(name));
    let whole = bytes(&path);
    assert!(bytes(&twin) == whole);
    let ledger = bytes(&rig.dir.path().join("ledger.db"));
    for (broken, what) in [
        (vec![0; 400], "nothing but zeros"),
        (vec![], "empty"),
        (whole[..whole.len() / 2].to_vec(), "not what enrolment wrote"),
        (vec![0xff; 90], "no text"),
    ] {
        std::fs::write(&path, &broken).expect("a file");
        std::fs::write(&twin, &broken).expect("a file");
        let refusal = rig.try_start().expect_err("a refusal");
        assert_eq!(refusal.code(), Code::IdentityDamaged, "{what}");
        assert!(refusal.args()["what"].contains(what), "{:?} says {what}", refusal.args());
        assert!(
            bytes(&path) == broken
                && bytes(&twin) == broken
                && bytes(&rig.dir.path().join("ledger.db")) == ledger,
            "{what}"
        );
    }
    std::fs::write(&path, whole).expect("the backup");
    rig.start();
    rig.sign_in("1101", "3141");
    assert_eq!(numbers(&rig).len(), 1);
}

#[test]
fn what_empties_an_identity_leaves_its_twin_and_the_till_sells_on() {
    let mut rig = Rig::new();
    rig.open_shift();
    rig.sell_rice();
    let [path, twin] = ["identity.json", "identity.spare"].map(|name| rig.dir.path().join(name));
    let whole = bytes(&path);
    let mut sold = 1;
    for (emptied, other) in [(&path, &twin), (&twin, &path)] {
        rig.stop();
        std::fs::write(emptied, []).expect("what a power cut leaves");
        rig.start();
        rig.sign_in("1101", "3141");
        rig.sell_rice();
        sold += 1;
        assert_eq!(numbers(&rig).len(), sold);
        assert!(bytes(emptied) == whole && bytes(other) == whole);
        let kept = emptied.with_file_name(format!("{}.kept-1", emptied.file_name().unwrap().display()));
        assert!(bytes(&kept).is_empty(), "what was there is kept");
    }
    rig.stop();
    std::fs::remove_file(&path).expect("the file");
    std::fs::write(&twin, [0; 400]).expect("a file");
    assert_eq!(
        rig.try_start().expect_err("a refusal").code(),
        Code::IdentityDamaged,
        "nobody enrols over a key"
    );
    assert!(!path.exists() && bytes(&twin) == [0; 400]);
}

#[test]
fn a_folder_that_cannot_be_used_says_which_file_and_why() {
    let mut rig = Rig::new();
    rig.stop();
    std::fs::remove_file(rig.dir.path().join("station.lock")).expect("the lock");
    std::fs::create_dir(rig.dir.path().join("station.lock")).expect("in its place");
    let refusal = rig.try_start().expect_err("a refusal");
    assert_eq!(refusal.code(), Code::FolderUnusable);
    assert!(refusal.args()["what"].contains("station.lock"), "{:?}", refusal.args());
}

#[test]
fn a_code_that_was_broken_off_before_its_key_was_written_does_not_stop_an_enrolment() {
    let mut rig = Rig::unenrolled();
    std::fs::write(rig.dir.path().join("enrolling.json"), [0; 64]).expect("a file");
    rig.start();
    let hub_url = closed_port();
    let view = rig.view(Command::Enrol { hub_url: hub_url.clone(), code: "12345678".into() });
    let message = view.message.expect("a reason");
    let port = hub_url.rsplit(':').next().expect("a port");
    assert_eq!(message.code, Code::HubPortClosed);
    assert_eq!((message.args["host"].as_str(), message.args["port"].as_str()), ("127.0.0.1", port));
    assert_eq!(bytes(&rig.dir.path().join("enrolling.json.kept-1")), [0; 64]);
}

fn closed_port() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    format!("http://{}", listener.local_addr().expect("an address"))
}

#[cfg(unix)]
#[test]
fn a_running_tills_files_are_its_users_alone_also_where_they_were_not() {
    use std::os::unix::fs::PermissionsExt;
    let mut rig = Rig::stopped(&catalogue::rows(), Some(&MachineSettings::default()));
    let files = |rig: &Rig| {
        let folder = rig.dir.path().to_owned();
        let names = std::fs::read_dir(&folder).expect("a folder");
        names.map(|file| file.expect("a file").path()).chain([folder]).collect::<Vec<_>>()
    };
    for path in files(&rig) {
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("a mode");
    }
    rig.start();
    rig.open_shift();
    rig.sell_rice();
    rig.till().look_after();
    let mode = |path: &Path| std::fs::metadata(path).expect("metadata").permissions().mode() & 0o077;
    let open: Vec<_> = files(&rig).into_iter().filter(|path| mode(path) != 0).collect();
    assert_eq!(open, Vec::<std::path::PathBuf>::new());
    assert!(rig.dir.path().join("catalogue.db").exists(), "with what PINs are checked by");
}

#[test]
fn a_printer_that_was_aimed_at_the_key_destroys_nothing() {
    let mut rig = Rig::stopped(&catalogue::rows(), None);
    let key = rig.dir.path().join("identity.json");
    let before = bytes(&key);
    let printer = PrinterTarget::File { path: key.to_string_lossy().into_owned() };
    let devices = DeviceSettings { printer, ..DeviceSettings::default() };
    MachineSettings { devices, ..MachineSettings::default() }.save(rig.dir.path()).expect("settings");
    let settings = MachineSettings::load(rig.dir.path()).settings;
    assert!(matches!(settings.devices.printer, PrinterTarget::File { .. }));
    rig.restart();
    rig.open_shift();
    rig.sell_rice();
    rig.stop();
    assert!(bytes(&key) == before);
}
