//! The hub's commands, as IT types them: what they refuse, and what they say of what they replace.

use std::io::{Seek, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::postgresql::run_on;
use crate::support::*;
use reqwest::StatusCode;
use suanpan_sync::PushReply;
use sync_server::access::{Role, User};
use sync_server::admin::{Manner, Order};
use sync_server::{Hub, HubError};

/// Who may read what everybody may, and write nothing.
#[cfg(unix)]
const NOBODY: u32 = 65_534;

/// The hub's program in a new folder, where everybody may run it: what was built may lie in somebody's closed home.
fn for_everybody(folder: &Path) -> Command {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    let program = folder.join("sync-server");
    assert!(!program.exists(), "a link would be written through");
    let built = env!("CARGO_BIN_EXE_sync-server");
    std::fs::hard_link(built, &program).or_else(|_| std::fs::copy(built, &program).map(drop)).unwrap();
    Command::new(program)
}

/// A person's, as it comes by a pipe.
const PASSWORD: &str = "battery staple\n";

/// Runs a command on a hub's folder with nothing on its input: whether it did it, and what it said.
pub(crate) fn run(folder: &Path, args: &[&str]) -> (bool, String, String) {
    run_with(folder, args, "")
}

/// The same with a text on its input.
fn run_with(folder: &Path, args: &[&str], input: &str) -> (bool, String, String) {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(input.as_bytes()).unwrap();
    file.rewind().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sync-server"));
    command.args(args).env("SUANPAN_HUB_DATA", folder).env("RUST_LOG", "off").stdin(Stdio::from(file));
    if let Some(database) = config(folder).database {
        command.env("SUANPAN_DATABASE_URL", database);
    }
    let done = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (done.status.success(), text(done.stdout), text(done.stderr))
}

/// A folder whose hub has a station, and no longer serves.
async fn with_a_station() -> (tempfile::TempDir, String) {
    let hub = TestHub::start().await;
    hub.till("HT01", 1).await;
    let key = hub.hub().public_key().to_string();
    let TestHub { running, folder, .. } = hub;
    running.stop().await;
    (folder, key)
}

#[tokio::test]
async fn a_hub_whose_key_is_missing_makes_no_other_while_stations_know_it() {
    let (folder, key) = with_a_station().await;
    let (file, safe) = (folder.path().join("hub.key"), folder.path().join("safe"));
    std::fs::rename(&file, &safe).unwrap();
    let elsewhere = folder.path().join("mistyped.key");
    for args in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["api-key", "--name", "erp"],
        &["enrol-code", "--site", "HT01", "--till", "2"],
        &["api-key", "--name", "erp", "--key-file", elsewhere.to_str().unwrap()],
    ] {
        let (is_done, _, said) = run(folder.path(), args);
        assert!(!is_done && said.contains("HUB-RUN-001") && said.contains("it is missing"), "{said}");
        assert!(said.contains(&key) && said.contains("put it back"), "{said}");
        assert!(!file.exists() && !elsewhere.exists(), "no key was made");
    }
    std::fs::rename(&safe, &file).unwrap();
    assert!(run(folder.path(), &["api-key", "--name", "erp"]).0);
    // By its own command a lost key is given up.
    std::fs::remove_file(&file).unwrap();
    let (is_done, made, _) = run(folder.path(), &["init"]);
    assert!(is_done && made.trim() != key);
    assert!(run(folder.path(), &["api-key", "--name", "erp"]).0);
}

#[tokio::test]
async fn a_hub_refuses_another_key_than_its_stations_know() {
    let (folder, key) = with_a_station().await;
    let other = tempfile::tempdir().unwrap();
    let other = Hub::open(config(other.path())).map(|hub| (hub.public_key().to_string(), other)).unwrap();
    std::fs::copy(other.1.path().join("hub.key"), folder.path().join("hub.key")).unwrap();
    // An older hub wrote no key down: its newest certificate tells.
    for older in [false, true] {
        if older {
            run_on(folder.path(), "delete from meta where key = 'hub_key'");
        }
        for refused in [Hub::open(config(folder.path())), Hub::init(config(folder.path()))] {
            let Err(error @ HubError::Key { .. }) = refused else { panic!("{refused:?}") };
            let said = error.to_string();
            assert!(said.contains(&other.0) && (older || said.contains(&key)), "{said}");
        }
    }
}

#[tokio::test]
async fn a_key_or_person_that_is_replaced_is_said_so() {
    let folder = tempfile::tempdir().unwrap();
    let (is_done, first, said) = run(folder.path(), &["api-key", "--name", "erp"]);
    assert!(is_done && first.starts_with("sp_") && said.is_empty(), "{said}");
    let (is_done, second, said) = run(folder.path(), &["api-key", "--name", "erp"]);
    assert!(is_done && second.starts_with("sp_") && second != first);
    assert_eq!(said, "the former key of the name \"erp\" no longer works\n");
    let hub = Hub::open(config(folder.path())).unwrap();
    hub.put_user(User::at_hq("wang", [Role::Operations]), Some("correct horse".into())).await.unwrap();
    tokio::task::spawn_blocking(move || drop(hub)).await.unwrap();
    let put = |name: &str| run_with(folder.path(), &["user", "--name", name, "--role", "it"], PASSWORD);
    let (is_done, _, said) = put("wang");
    assert!(is_done);
    assert_eq!(
        said,
        "\"wang\" was there already and was operations and is it now; the former password no longer works\n"
    );
    let (_, _, said) = put("wang");
    assert!(said.contains("is it as before; the former password no longer works"), "{said}");
    assert_eq!(put("li").2, "");
}

#[tokio::test]
async fn a_person_whose_password_does_not_come_is_refused_and_none_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let user = ["user", "--name", "wang", "--role", "operations"];
    for nothing in ["", "\n", "\r\n", "\ncorrect horse\n"] {
        let (is_done, printed, said) = run_with(folder.path(), &user, nothing);
        assert!(!is_done && printed.is_empty(), "{printed}");
        let refused = "HUB-ADM-003 a password is expected on standard input; on a terminal one is made\n";
        assert_eq!(said, refused);
    }
    let (is_done, printed, said) = run_with(folder.path(), &user, "correct horse\n");
    assert!(is_done && said.is_empty(), "nobody was there: {said}");
    assert_eq!(printed, "the password is set\n");
}

#[tokio::test]
async fn orders_are_carried_out_by_the_hub_that_serves_while_a_till_sells() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    let folder = hub.folder.path().to_owned();
    let give = async |args: &[&str]| {
        let (folder, args) = (folder.clone(), args.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>());
        let run = move || run_with(&folder, &args.iter().map(String::as_str).collect::<Vec<_>>(), PASSWORD);
        tokio::task::spawn_blocking(run).await.unwrap()
    };
    let order = async |args: &[&str]| {
        let (is_done, said, noted) = give(args).await;
        assert!(is_done, "{noted}");
        (said, noted)
    };
    till.sell(100, 80);
    till.push_all(&hub).await;
    let prices = folder.join("prices.csv");
    std::fs::write(&prices, "site,code,yuan,per\n,10101,4.44,500g\n").unwrap();
    let path = prices.to_str().unwrap();
    let (said, noted) = order(&["import", path, "--dry-run"]).await;
    assert!(said.starts_with("~ price 10101: fen ") && said.contains(" → 444\n"), "{said}");
    assert!(said.ends_with("1 files, 1 rows, 1 would be published\n"), "{said}");
    assert!(noted.starts_with("not listed and left as they are: ") && noted.contains(" of price"), "{noted}");
    let (said, _) = order(&["import", path]).await;
    assert_eq!(said, "1 files, 1 rows, 1 published\n");
    let (code, _) = order(&["enrol-code", "--site", "HT01", "--till", "2"]).await;
    let second = hub.enrol(&Till::new(201), code.trim()).await.unwrap();
    assert_eq!(second.certificate.enrolment.till, 2);
    let (key, _) = order(&["api-key", "--name", "erp"]).await;
    assert!(key.starts_with("sp_"), "{key}");
    order(&["user", "--name", "li", "--role", "it"]).await;
    till.sell(100, 80);
    till.push(&hub, 2, 2).await;
    assert_eq!(hub.day().await[0]["sales"], 2);
    let (is_done, _, said) = give(&["import", folder.join("none.csv").to_str().unwrap()]).await;
    assert!(!is_done && said.starts_with("HUB-ADM-001 "), "{said}");
}

/// A catalogue of so many items with a price each, and the order to import it.
fn large(folder: &Path, items: usize) -> Order {
    use std::fmt::Write;
    let mut goods = "code,name,aliases,category,sold_by,unit,plu,barcodes,tax,tax_class,tare_g,origin,trade_mode,external_id,\
        age_limit,bag\n"
        .to_owned();
    let mut prices = "site,code,yuan,per\n".to_owned();
    for nth in 0..items {
        writeln!(goods, "L{nth},货品{nth},,百货,piece,件,,,EX,,0,,,,0,").unwrap();
        writeln!(prices, ",L{nth},9.90,pc").unwrap();
    }
    let path = folder.join("large");
    std::fs::create_dir(&path).unwrap();
    std::fs::write(path.join("items.csv"), goods).unwrap();
    std::fs::write(path.join("prices.csv"), prices).unwrap();
    Order::Import { path, manner: Manner::default() }
}

#[tokio::test]
async fn tills_are_answered_while_a_large_catalogue_is_imported() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    let (order, config) = (large(hub.folder.path(), 25_000), config(hub.folder.path()));
    // As the command does, from a process of its own.
    let importing = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(order.give(config))
    });
    let mut acked = 0;
    while !importing.is_finished() {
        till.sell(100, 80);
        let last = till.current().records.len();
        assert!(matches!(till.push(&hub, last, last).await, PushReply::Ack { .. }));
        acked += 1;
    }
    let done = importing.join().unwrap().unwrap();
    assert_eq!(done.lines, ["2 files, 50000 rows, 50000 published"]);
    assert!(acked > 10, "only {acked} pushes were acked before the import was answered");
    assert_eq!(hub.day().await[0]["sales"], acked);
}

#[tokio::test]
async fn orders_that_do_not_fit_are_refused_with_what_would() {
    let folder = tempfile::tempdir().unwrap();
    let user = ["user", "--name", "li", "--role", "manager", "--scope"];
    let (is_done, _, said) = run_with(folder.path(), &[&user[..], &["zone:EAST"]].concat(), PASSWORD);
    assert!(!is_done && said.starts_with("HUB-ADM-008 ") && said.contains("there is none"), "{said}");
    let (is_done, _, said) = run_with(folder.path(), &[&user[..], &["site:HT09"]].concat(), PASSWORD);
    assert!(!is_done && said.starts_with("HUB-ADM-002 "), "{said}");
}

#[cfg(unix)]
#[tokio::test]
async fn another_user_gives_the_hub_no_orders_although_the_folder_is_open() {
    use std::fs::{Permissions, metadata, set_permissions};
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;

    let folder = tempfile::tempdir().unwrap();
    let hub = TestHub::start_as(sync_server::Config::embedded(folder.path()), folder).await;
    let folder = hub.folder.path().to_owned();
    let socket = folder.join("hub.sock");
    let is_root = metadata(&folder).unwrap().uid() == 0;
    set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    set_permissions(&socket, Permissions::from_mode(0o666)).unwrap();
    let programs = tempfile::tempdir().unwrap();
    let mut order = for_everybody(programs.path());
    order.args(["api-key", "--name", "erp"]).env("SUANPAN_HUB_DATA", &folder).current_dir("/");
    if is_root {
        // Only root can be somebody else.
        order.uid(NOBODY).gid(NOBODY);
    }
    let done = tokio::task::spawn_blocking(move || order.output().unwrap()).await.unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.success(), !is_root, "{said}");
    assert_eq!(said.starts_with("HUB-ADM-009 "), is_root, "{said}");
}

#[tokio::test]
async fn the_hubs_address_leads_to_hqs_pages() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("pages");
    std::fs::create_dir(&pages).unwrap();
    let mut config = config(folder.path());
    config.ui_dir = Some(pages.clone());
    let Err(error) = Hub::start(config.clone()).await else { panic!("served without pages") };
    assert!(error.code() == "HUB-RUN-009" && error.to_string().contains("there is no hq.html in"), "{error}");
    std::fs::write(pages.join("hq.html"), "the page of HQ").unwrap();
    let running = Hub::start(config).await.unwrap();
    assert_eq!(running.hq_url().unwrap(), format!("{}/hq.html", running.url()));
    let _ = client(); // The ring is installed by it.
    let http = reqwest::Client::builder().no_proxy().tls_certs_only([]);
    let http = http.redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let answer = http.get(running.url()).send().await.unwrap();
    assert_eq!(
        (answer.status(), &answer.headers()["location"]),
        (StatusCode::FOUND, &"/hq.html".parse().unwrap())
    );
    let page = client().get(running.url()).send().await.unwrap().text().await.unwrap();
    assert_eq!(page, "the page of HQ");
    running.stop().await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_cannot_be_written_to_is_backed_up_elsewhere_and_left_as_it_is() {
    use std::fs::{Permissions, metadata, read_dir, set_permissions};
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    let folder = tempfile::tempdir().unwrap();
    let hub = TestHub::start_as(sync_server::Config::embedded(folder.path()), folder).await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(100, 80);
    till.push_all(&hub).await;
    let TestHub { running, folder, .. } = hub;
    running.stop().await;
    // One is as a hub leaves it that was stopped, the other has a log, as after a power cut.
    let database = rusqlite::Connection::open(folder.path().join("hub.db")).unwrap();
    database.execute_batch("pragma wal_checkpoint(truncate); pragma wal_autocheckpoint = 0").unwrap();
    for has_log in [false, true] {
        let programs = tempfile::tempdir().unwrap();
        let outer = tempfile::tempdir().unwrap();
        let (evidence, to) = (outer.path().join("evidence"), outer.path().join("to"));
        std::fs::create_dir(&evidence).unwrap();
        std::fs::create_dir(&to).unwrap();
        if has_log {
            database.execute_batch("insert into meta (key, value) values ('in the log', '')").unwrap();
            std::fs::copy(folder.path().join("hub.db-wal"), evidence.join("hub.db-wal")).unwrap();
        }
        for name in ["hub.db", "hub.lock"] {
            std::fs::copy(folder.path().join(name), evidence.join(name)).unwrap();
        }
        let close = |mode: u32| {
            let mut files: Vec<_> = read_dir(&evidence).unwrap().map(|file| file.unwrap().path()).collect();
            files.sort();
            files.iter().for_each(|file| set_permissions(file, Permissions::from_mode(0o444)).unwrap());
            set_permissions(&evidence, Permissions::from_mode(mode)).unwrap();
            files.iter().map(|file| (file.clone(), std::fs::read(file).unwrap())).collect::<Vec<_>>()
        };
        let before = close(0o555);
        set_permissions(outer.path(), Permissions::from_mode(0o755)).unwrap();
        set_permissions(&to, Permissions::from_mode(0o777)).unwrap();
        let mut backup = for_everybody(programs.path());
        backup.arg("backup").arg("--to").arg(&to).env("SUANPAN_HUB_DATA", &evidence).current_dir("/");
        // Nothing is closed to root.
        if metadata(outer.path()).unwrap().uid() == 0 {
            backup.uid(NOBODY).gid(NOBODY);
        }
        let done = backup.output().unwrap();
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stderr));
        assert!(said.trim().ends_with(": 1 batches"), "{said}");
        assert_eq!(close(0o755), before);
        let made: Vec<_> = read_dir(&to).unwrap().map(|file| file.unwrap().path()).collect();
        assert_eq!(made.len(), 1, "{made:?}");
        let copy = rusqlite::Connection::open(&made[0]).unwrap();
        let logged = "select count(*) from meta where key = 'in the log'";
        let found: u32 = copy.query_row(logged, [], |row| row.get(0)).unwrap();
        assert_eq!(found, u32::from(has_log));
    }
}
