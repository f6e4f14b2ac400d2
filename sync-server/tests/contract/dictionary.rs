//! What a hub learns of its tills' sales, and pushes that are packed by it.

use reqwest::Method;
use suanpan_domain::catalogue::PushDictionary;
use suanpan_sync::{Codec, Dictionary, Push, PushReply, Scope, decode_entries};
use sync_server::HubError;

use crate::support::*;

/// Enough to learn from, in pushes as long as they may be.
const SALES: usize = 800;

async fn published(hub: &TestHub) -> Dictionary {
    let body = hub.hub().store().row(Scope::Chain, "dictionary", "push".into()).await.unwrap().unwrap();
    Dictionary::from_hex(&serde_json::from_str::<PushDictionary>(&body).unwrap().zstd).unwrap()
}

fn packed(till: &Till, nth: usize, dictionary: &Dictionary) -> Push {
    till.push_of(0, nth, nth).packed_by(dictionary).unwrap()
}

#[tokio::test]
async fn a_push_packed_by_what_the_hub_learnt_is_kept_without_it_and_one_packed_otherwise_is_refused() {
    let hub = TestHub::start().await;
    let mut till = hub.till("HT01", 1).await;
    (0..SALES + 3).for_each(|nth| drop(till.sell(300 + nth as i64, 240 + nth as i64)));
    let too_few = hub.hub().train_dictionary().await;
    assert!(matches!(too_few, Err(HubError::Rejected(_))), "{too_few:?}");
    for from in (1..=SALES).step_by(400) {
        assert!(matches!(till.push(&hub, from, from + 399).await, PushReply::Ack { .. }));
    }
    let learnt = hub.hub().train_dictionary().await.unwrap();
    assert!(learnt.bytes_with * 2 < learnt.bytes_without, "{learnt:?}");

    let dictionary = published(&hub).await;
    let push = packed(&till, SALES + 1, &dictionary);
    assert_eq!(push.container.codec, Codec::Dictionary);
    let reply = till.send_push(&hub, &push).await;
    assert!(matches!(reply, Ok(PushReply::Ack { .. })), "{reply:?}");
    assert_eq!(hub.day().await[0]["sales"], SALES + 1);

    // What it keeps is read by anybody.
    let path = format!("/api/v1/entries?segment={}&from={}", till.segments[0].id, SALES + 1);
    let (_, body) = till.send(&hub, Method::GET, &path, &[]).await;
    let kept = decode_entries(&body).unwrap().pushes.pop().unwrap();
    assert_ne!(kept.container.codec, Codec::Dictionary);
    let key = till.key.public();
    assert_eq!(
        kept.check(till.station, &key),
        till.push_of(0, SALES + 1, SALES + 1).check(till.station, &key)
    );

    // One that this hub never published is named as that; an older one of its own is not forgotten.
    let foreign = Dictionary::train(&till.segments[0].records[..600]).unwrap();
    let reply = till.send_push(&hub, &packed(&till, SALES + 2, &foreign)).await;
    assert_eq!(reply, Err("SYN-WIR-009".to_owned()));
    hub.hub().train_dictionary().await.unwrap();
    assert_ne!(published(&hub).await.id(), dictionary.id(), "there is more to learn from");
    let reply = till.send_push(&hub, &packed(&till, SALES + 2, &dictionary)).await;
    assert!(matches!(reply, Ok(PushReply::Ack { .. })), "{reply:?}");
}
