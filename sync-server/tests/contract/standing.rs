//! A till that was replaced or stolen: whatever it sold is taken from it, and it gets nothing any more.

use reqwest::Method;
use serde_json::json;
use sync_server::admin::{Deed, Order};
use sync_server::journal::Held;

use crate::access::ordered;
use crate::support::*;

const SNAPSHOT: &str = "/api/v1/snapshot";

async fn done(hub: &TestHub, till: &Till, deed: Deed) -> String {
    let id = till.station.to_string()[..8].to_owned();
    ordered(hub, Order::Station { id, deed }).await.remove(0)
}

/// What the till is told when it asks for its catalogue, once every hub has heard how it stands.
async fn gets(hub: &TestHub, till: &Till, awaited: u16) -> (u16, Vec<u8>) {
    for _ in 0..1_000 {
        let (status, body) = till.send(hub, Method::GET, SNAPSHOT, &[]).await;
        if status.as_u16() == awaited {
            return (awaited, body);
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("it is never told {awaited}");
}

#[tokio::test]
async fn what_a_stolen_till_delivers_is_acked_and_in_no_figure_before_somebody_accepts_it() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(100, 80);
    till.push_all(&hub).await;
    assert_eq!(hub.day().await[0]["paid_fen"], 80);
    let said = done(&hub, &till, Deed::Revoke).await;
    assert!(said.ends_with(" HT01/1 is revoked"), "{said}");

    till.sell(200, 160);
    let reply = till.push(&hub, 2, 2).await;
    assert!(matches!(reply, suanpan_sync::PushReply::Ack { .. }), "{reply:?}");
    assert_eq!(hub.day().await[0]["paid_fen"], 80);
    let (_, body) = gets(&hub, &till, 403).await;
    assert_eq!(code(&body), "HUB-AUT-012");
    let cookie = hub.session().await;
    let held = json!([{ "kind": "held", "site": "HT01", "till": 1, "batches": 1 }]);
    assert_eq!(json!(problems(&hub.today(&cookie).await, "held")), held);
    let of_site = || hub.hub().store().journal_stations("HT01".parse().unwrap());
    let run = Held { segment: till.current().id, branch: 0, from_seq: 2, to_seq: 2 };
    assert_eq!(of_site().await.unwrap()[0].held, [run]);
    let listed = ordered(&hub, Order::Stations).await;
    assert!(listed[0].contains(" HT01/1 revoked, last heard ") && listed[0].ends_with(", 1 deliveries held"));

    let said = done(&hub, &till, Deed::Accept).await;
    assert!(said.ends_with(" HT01/1: 1 deliveries accepted"), "{said}");
    assert_eq!(hub.day().await[0]["paid_fen"], 240);
    assert_eq!(of_site().await.unwrap()[0].held, []);
    assert_eq!(json!(problems(&hub.today(&cookie).await, "held")), json!([]));
    // It was found again.
    done(&hub, &till, Deed::Restore).await;
    gets(&hub, &till, 200).await;
    let audited = ordered(&hub, Order::Audit { after: 0 }).await;
    let deeds =
        audited.iter().filter(|line| line.contains("station.standing") || line.contains("station.accept"));
    let became: Vec<_> = deeds.filter_map(|line| line.split(" is ").nth(1)?.split(" [").next()).collect();
    assert_eq!(became, [r#"{"standing":"revoked"}"#, r#"{"batches":1}"#, r#"{"standing":"active"}"#]);
}

#[tokio::test]
async fn what_a_replaced_till_still_has_is_in_the_figures_and_it_gets_nothing() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    done(&hub, &till, Deed::Retire).await;
    gets(&hub, &till, 403).await;
    till.sell(100, 80);
    till.push_all(&hub).await;
    assert_eq!(hub.day().await[0]["paid_fen"], 80);
}

#[tokio::test]
async fn a_station_is_named_by_as_much_of_its_id_as_no_other_begins_with() {
    let hub = TestHub::start().await;
    hub.till("HT01", 1).await;
    for id in ["", "no such"] {
        let refused = Order::Station { id: id.into(), deed: Deed::Revoke };
        let refused = refused.give(config(hub.folder.path())).await.unwrap_err();
        assert!(refused.code == "HUB-ADM-003" && refused.text.contains("`stations`"), "{refused}");
    }
}
