//! Who is let in no more, what a key is good for, when a session is over, and what is known afterwards of who changed what.

use crate::commands::run;
use crate::gate::sign_in;
use crate::postgresql::run_on;
use crate::support::*;
use sync_server::access::{Action, Reach, Role, User};
use sync_server::admin::{Order, api_key};
use sync_server::store::{KeyRights, StoreError};
use sync_server::{Config, Hub};

const WANG: (&str, &str) = ("wang", "correct horse");
const TODAY: &str = "/api/v1/hq/today";
const BY_DAY: &str = "/api/v1/reports/sales-by-day?from=2023-06-16&to=2023-06-16";

pub(crate) async fn ordered(hub: &TestHub, order: Order) -> Vec<String> {
    order.give(config(hub.folder.path())).await.unwrap().lines
}

/// What a key is answered.
async fn status(hub: &TestHub, key: &str, path: &str) -> u16 {
    hub.http.get(hub.url(path)).bearer_auth(key).send().await.unwrap().status().as_u16()
}

/// Moves what a hub wrote down about every session back in time.
fn rests(hub: &TestHub, minutes: i64) {
    let by = minutes * 60_000;
    let text =
        format!("update session set used_at_ms = used_at_ms - {by}, expires_at_ms = expires_at_ms - {by}");
    run_on(hub.folder.path(), &text);
}

#[tokio::test]
async fn who_is_disabled_is_out_at_once_and_comes_back_with_a_new_password() {
    let hub = TestHub::start().await;
    let cookie = hub.session().await;
    assert_eq!(hub.seen(&cookie, TODAY).await.0, 200);
    ordered(&hub, Order::DisableUser { name: "wang".into() }).await;
    assert_eq!(hub.seen(&cookie, TODAY).await.0, 401, "the session has ended");
    assert_eq!(sign_in(&hub, &hub.http, WANG, None).await, (401, "HUB-AUT-008".into()));
    let listed = ordered(&hub, Order::Access).await;
    assert!(listed[0].starts_with("person wang: operations and it, disabled 2"), "{listed:?}");
    hub.hub().put_user(User::at_hq("wang", [Role::It]), Some(WANG.1.into())).await.unwrap();
    assert_eq!(sign_in(&hub, &hub.http, WANG, None).await.0, 204);
    assert_eq!(ordered(&hub, Order::Access).await[0], "person wang: it");
    for nobody in [Order::DisableUser { name: "li".into() }, Order::DisableKey { name: "li".into() }] {
        let refused = nobody.give(config(hub.folder.path())).await.unwrap_err();
        assert!(refused.code == "HUB-ADM-003" && refused.text.contains("`access`"), "{refused}");
    }
}

#[tokio::test]
async fn a_key_is_good_for_its_sites_and_its_days_and_until_it_is_disabled() {
    let hub = TestHub::start().await;
    let (store, of) = (hub.hub().store(), |code: &str| Reach::of(vec![code.parse().unwrap()]));
    let narrow = api_key(store, "one store", KeyRights::reports_of(of("HT01")), "tests").await.unwrap();
    assert_eq!(status(&hub, &narrow, &format!("{BY_DAY}&site=HT01")).await, 200);
    assert_eq!(status(&hub, &narrow, &format!("{BY_DAY}&site=HT02")).await, 404);
    assert_eq!(status(&hub, &narrow, "/api/v1/journal/stations?site=HT01&date=2023-06-16").await, 403);
    let over = api_key(store, "over", KeyRights { expires_at_ms: Some(1), ..KeyRights::reports() }, "tests")
        .await
        .unwrap();
    assert_eq!(status(&hub, &over, BY_DAY).await, 401);
    let days = Order::ApiKey {
        name: "auditors".into(),
        journal: true,
        actions: vec![],
        sites: vec![],
        days: Some(30),
    };
    let month = ordered(&hub, days).await.remove(0);
    assert_eq!(status(&hub, &month, "/api/v1/journal/stations?site=HT01&date=2023-06-16").await, 200);
    let listed = ordered(&hub, Order::Access).await;
    let said = |name: &str| listed.iter().find(|line| line.starts_with(name)).unwrap().clone();
    assert!(said("key one store: read_figures, read_days of HT01").contains(", last used 2"), "{listed:?}");
    assert!(
        said("key over: read_figures, read_days, watch, until 1970-01-01").contains(", never used"),
        "{listed:?}"
    );
    assert!(
        said("key auditors: read_figures, read_days, read_journals, watch, until 2")
            .contains(", last used 2"),
        "{listed:?}"
    );
    ordered(&hub, Order::DisableKey { name: "auditors".into() }).await;
    assert_eq!(status(&hub, &month, BY_DAY).await, 401);
    for (name, journal, sites, days) in
        [("a", true, vec!["HT01"], None), ("b", false, vec!["HT99"], None), ("c", false, vec![], Some(0))]
    {
        let sites = sites.into_iter().map(|code| code.parse().unwrap()).collect();
        let order = Order::ApiKey { name: name.into(), journal, actions: vec![], sites, days };
        order.give(config(hub.folder.path())).await.unwrap_err();
    }
}

#[tokio::test]
async fn a_key_may_what_it_was_made_for_and_nothing_else() {
    let hub = TestHub::start().await;
    let made_for = |actions: Vec<Action>| Order::ApiKey {
        name: "script".into(),
        journal: false,
        actions,
        sites: vec![],
        days: None,
    };
    let days = "/api/v1/reports/store-days?from=2023-06-16&to=2023-06-16";
    let journals = "/api/v1/journal/stations?site=HT01&date=2023-06-16";
    for action in Action::OF_KEYS {
        let key = ordered(&hub, made_for(vec![action])).await.remove(0);
        for (path, of) in
            [(BY_DAY, Action::ReadFigures), (days, Action::ReadDays), (journals, Action::ReadJournals)]
        {
            let told = if of == action { 200 } else { 403 };
            assert_eq!(status(&hub, &key, path).await, told, "{action:?} at {path}");
        }
        let listed = ordered(&hub, Order::Access).await;
        let script = listed.iter().find(|line| line.starts_with("key script: ")).unwrap();
        assert!(script.starts_with(&format!("key script: {},", action.name())), "{script}");
    }
    for action in [Action::SeePages, Action::Deliver, Action::ExcuseTill] {
        let refused = made_for(vec![action]).give(config(hub.folder.path())).await.unwrap_err();
        assert!(refused.text.contains("read_figures"), "{refused}");
    }
    for (journal, action, site) in [(false, Action::Watch, "HT01"), (true, Action::Watch, "")] {
        let sites = site.parse().ok().into_iter().collect();
        let (name, actions) = ("nobody's".into(), vec![action]);
        let order = Order::ApiKey { name, journal, actions, sites, days: None };
        order.give(config(hub.folder.path())).await.unwrap_err();
    }
}

#[tokio::test]
async fn what_other_releases_make_of_a_key_gives_nobody_more() {
    let hub = TestHub::start().await;
    let make = async |actions: &[Action]| {
        let actions = actions.to_vec();
        let order =
            Order::ApiKey { name: "script".into(), journal: false, actions, sites: vec![], days: None };
        ordered(&hub, order).await.remove(0)
    };
    // A later hub knows actions that this one does not, and an older one makes the key anew without journals.
    make(&[Action::ReadDays, Action::ReadJournals]).await;
    run_on(hub.folder.path(), "update api_key set actions = actions || ',ride_horses', journal = 0");
    assert!(ordered(&hub, Order::Access).await[0].starts_with("key script: read_days,"));
    ordered(&hub, Order::DisableKey { name: "script".into() }).await;
    // One that was made before keys had actions.
    run_on(hub.folder.path(), "update api_key set actions = null, journal = 1");
    let listed = ordered(&hub, Order::Access).await;
    assert!(
        listed[0].starts_with("key script: read_figures, read_days, read_journals, watch,"),
        "{listed:?}"
    );
}

#[tokio::test]
async fn a_session_ends_half_an_hour_after_its_person_last_did_something() {
    let hub = TestHub::start().await;
    let cookie = hub.session().await;
    let looks = async |acted: bool| {
        let mut request = hub.http.get(hub.url(TODAY)).header("cookie", &cookie);
        if acted {
            request = request.header("suanpan-acted", "1");
        }
        request.send().await.unwrap().status().as_u16()
    };
    rests(&hub, 20);
    assert_eq!(looks(false).await, 200, "a page that only shows");
    rests(&hub, 9);
    assert_eq!(looks(true).await, 200);
    rests(&hub, 29);
    assert_eq!(looks(false).await, 200);
    rests(&hub, 2);
    assert_eq!(looks(true).await, 401);
    let cookie = hub.session().await;
    // Whatever its person does, a session is over after a working day.
    run_on(hub.folder.path(), "update session set expires_at_ms = 1");
    assert_eq!(hub.seen(&cookie, TODAY).await.0, 401);
}

#[tokio::test]
async fn a_lock_outlasts_the_hub_that_made_it_and_each_further_guess_doubles_it() {
    let hub = TestHub::start().await;
    hub.session().await;
    for _ in 0..10 {
        sign_in(&hub, &hub.http, ("wang", "guess guess"), None).await;
    }
    let TestHub { running, folder, http, api_key } = hub;
    running.stop().await;
    let running = sync_server::Hub::start(config(folder.path())).await.unwrap();
    let hub = TestHub { running, folder, http, api_key };
    let locked_s = async || {
        let body = serde_json::json!({ "name": WANG.0, "password": WANG.1 }).to_string();
        let answer = hub.http.post(hub.url("/api/v1/hq/session")).body(body).send().await.unwrap();
        let after = answer.headers().get("retry-after").map(|it| it.to_str().unwrap().parse().unwrap());
        (answer.status().as_u16(), after.unwrap_or(0))
    };
    let (status, first) = locked_s().await;
    assert!(status == 429 && (800..=900).contains(&first), "{first}");
    run_on(hub.folder.path(), "update guess set until_ms = 1");
    sign_in(&hub, &hub.http, ("wang", "guess guess"), None).await;
    let (status, second) = locked_s().await;
    assert!(status == 429 && (1_700..=1_800).contains(&second), "{second}");
    run_on(hub.folder.path(), "update guess set until_ms = 1");
    assert_eq!(locked_s().await.0, 204);
    for _ in 0..9 {
        sign_in(&hub, &hub.http, ("wang", "guess guess"), None).await;
    }
    assert_eq!(locked_s().await.0, 204, "a right password begins the count anew");
}

#[tokio::test]
async fn every_change_is_written_down_with_who_what_before_and_after() {
    let hub = TestHub::start().await;
    hub.till("HT01", 1).await;
    hub.session().await;
    hub.hub().put_user(User::at_hq("wang", [Role::Auditor]), Some(WANG.1.into())).await.unwrap();
    ordered(&hub, Order::DisableKey { name: "tests".into() }).await;
    let by_this_user = format!("command uid {}", rustix::process::getuid().as_raw());
    let rows = hub.hub().store().audit(0).await.unwrap();
    let told: Vec<(&str, &str)> = rows.iter().map(|row| (row.actor.as_str(), row.action.as_str())).collect();
    assert_eq!(
        told,
        [
            ("command", "catalogue.publish"),
            ("command", "key.put"),
            ("command", "code.make"),
            ("code", "station.enrol"),
            ("command", "user.put"),
            ("command", "user.put"),
            (&by_this_user, "key.disable"),
        ]
    );
    assert!(rows[0].before.as_deref().unwrap().contains(r#""chain":0"#), "{:?}", rows[0]);
    assert_eq!(rows[3].after.as_deref(), Some(r#"{"site":"HT01","till":1}"#));
    let [before, after] = [&rows[5].before, &rows[5].after].map(|it| it.as_deref().unwrap());
    assert!(
        before.contains(r#"["operations","it"]"#) && after.contains(r#"["auditor"]"#),
        "{before} {after}"
    );
    let all = rows.iter().map(|row| format!("{row:?}")).collect::<String>();
    assert!(!all.contains("argon2") && !all.contains(&hub.api_key), "no secret is in it");
    let lines = ordered(&hub, Order::Audit { after: 6 }).await;
    assert!(lines[0].starts_with("7 2") && lines[0].contains(": key.disable key tests was {"), "{lines:?}");
    assert_eq!(hub.hub().store().audit(7).await.unwrap(), []);
}

#[tokio::test]
async fn a_change_that_was_altered_or_left_out_is_told() {
    let hub = TestHub::start().await;
    let folder = hub.folder.path();
    hub.session().await;
    let alter = "update audit set actor = 'person li' where seq = 2";
    assert!(std::panic::catch_unwind(|| run_on(folder, alter)).is_err(), "the database itself refuses it");
    let drop_guard = match config(folder).database {
        Some(_) => "drop trigger audit_kept on audit;",
        None => "drop trigger audit_kept; drop trigger audit_stays;",
    };
    run_on(folder, drop_guard);
    run_on(folder, alter);
    assert!(matches!(hub.hub().store().audit(0).await, Err(StoreError::Damaged("audit"))));
    run_on(folder, "update audit set actor = 'command' where seq = 2");
    assert_eq!(hub.hub().store().audit(0).await.unwrap().len(), 3);
    run_on(folder, "delete from audit where seq = 2");
    assert!(matches!(hub.hub().store().audit(0).await, Err(StoreError::Damaged("audit"))));
}

#[tokio::test]
async fn it_disables_and_lists_by_commands_also_where_no_hub_serves() {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &["api-key", "--name", "erp", "--days", "7"]).0);
    let (is_done, said, _) = run(folder.path(), &["access"]);
    assert!(is_done && said.starts_with("key erp: read_figures, read_days, watch, until 2"), "{said}");
    assert_eq!(run(folder.path(), &["disable", "--key", "erp"]).1, "the key \"erp\" works no more\n");
    assert!(!run(folder.path(), &["disable"]).0, "it has to be said who");
    let (is_done, said, _) = run(folder.path(), &["audit"]);
    let by_this_user = format!("command uid {}: key.", rustix::process::getuid().as_raw());
    assert!(is_done && said.lines().count() == 2 && said.matches(&by_this_user).count() == 2, "{said}");
    assert_eq!(run(folder.path(), &["audit", "--after", "1"]).1.lines().count(), 1);
    // The hub that serves asks the system who gives an order.
    let hub = Hub::start(Config::embedded(folder.path())).await.unwrap();
    let path = folder.path().to_owned();
    let said = tokio::task::spawn_blocking(move || {
        assert!(run(&path, &["api-key", "--name", "erp"]).0);
        run(&path, &["audit", "--after", "2"]).1
    });
    let said = said.await.unwrap();
    assert!(said.contains(&by_this_user), "{said}");
    hub.stop().await;
}
