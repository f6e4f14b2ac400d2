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
async fn a_tills_number_has_one_station_that_is_active() {
    let hub = TestHub::start().await;
    let mut first = hub.till("HT01", 1).await;
    let code = |till, replace| Order::EnrolCode { site: "HT01".parse().unwrap(), till, replace };
    let refused = async |order: Order| order.give(config(hub.folder.path())).await.unwrap_err().to_string();
    let taken = refused(code(1, false)).await;
    let said = format!("HUB-ADM-011 HT01/1 is station {}: take till 2, or", first.station);
    assert!(taken.starts_with(&said), "{taken}");
    // While its dates are open another's numbers would hide what of it is missing, also when it is retired.
    first.sell(100, 80);
    first.push_all(&hub).await;
    hub.settled().await;
    let open = "HUB-ADM-011 HT01/1 has not closed 2023-06-16: take till 2, or";
    assert!(refused(code(1, true)).await.starts_with(open));
    done(&hub, &first, Deed::Retire).await;
    assert!(refused(code(1, false)).await.starts_with(open));
    done(&hub, &first, Deed::Restore).await;
    first.close_day();
    first.push(&hub, 2, 2).await;
    hub.settled().await;

    // Two codes for one number: who comes second is told, whatever it holds in its hand.
    let free = [ordered(&hub, code(2, false)).await.remove(0), ordered(&hub, code(2, false)).await.remove(0)];
    hub.enrol(&Till::new(241), &free[0]).await.unwrap();
    assert_eq!(hub.enrol(&Till::new(242), &free[1]).await, Err("HUB-ENR-006".into()));

    let replacing = ordered(&hub, code(1, true)).await.remove(0);
    assert_eq!(gets(&hub, &first, 200).await.0, 200, "nobody came yet");
    let second = Till::new(243);
    hub.enrol(&second, &replacing).await.unwrap();
    let (_, body) = gets(&hub, &first, 403).await;
    assert_eq!(crate::support::code(&body), "HUB-AUT-012");
    first.sell(100, 90);
    first.push(&hub, 3, 3).await;
    assert_eq!(hub.day().await[0]["paid_fen"], 170, "what it sold is in the figures all the same");
    let id = first.station.to_string();
    let restored = refused(Order::Station { id, deed: Deed::Restore }).await;
    assert!(restored.starts_with("HUB-ADM-011 HT01/1 has another station by now"), "{restored}");
    let audit = ordered(&hub, Order::Audit { after: 0 }).await;
    let retired = format!("station {}", first.station);
    assert!(
        audit.iter().any(|line| line.contains("station.standing")
            && line.contains(&retired)
            && line.contains("code")),
        "{audit:?}"
    );
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
