//! Journal bytes for whoever proves a day: as they came, page by page, for a key that was made for it.

use crate::support::*;
use reqwest::StatusCode;
use serde_json::Value;
use suanpan_sync::Push;
use sync_server::journal::{NEXT_HEADER, StoredBatch, decode_page};

async fn get(hub: &TestHub, key: &str, path: &str) -> reqwest::Response {
    hub.http.get(hub.url(path)).bearer_auth(key).send().await.unwrap()
}

async fn journal(hub: &TestHub, key: &str, site: &str) -> (Vec<StoredBatch>, usize) {
    journal_of(hub, key, site, "2023-06-16").await
}

/// Follows the pages to their end; gives the batches and how many pages it took.
async fn journal_of(hub: &TestHub, key: &str, site: &str, date: &str) -> (Vec<StoredBatch>, usize) {
    let (mut batches, mut pages, mut after) = (Vec::new(), 0, String::new());
    loop {
        let path = format!("/api/v1/journal?site={site}&date={date}{after}");
        let answer = get(hub, key, &path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let next = answer.headers().get(NEXT_HEADER).map(|next| next.to_str().unwrap().to_owned());
        batches.extend(decode_page(&answer.bytes().await.unwrap()).unwrap());
        pages += 1;
        match next {
            Some(next) => after = format!("&after={next}"),
            None => return (batches, pages),
        }
    }
}

#[tokio::test]
async fn the_bytes_of_a_sites_stations_come_as_they_were_sent_and_of_no_other_site() {
    let hub = TestHub::start().await;
    let key = hub.hub().journal_key("proof").await.unwrap();
    let (mut first, mut second) = (hub.till("HT01", 1).await, hub.till("HT01", 2).await);
    let mut elsewhere = hub.till("HT02", 1).await;
    for till in [&mut first, &mut second, &mut elsewhere] {
        till.sell(482, 386);
        till.sell(100, 80);
        till.push(&hub, 1, 1).await;
        till.push(&hub, 2, 2).await;
    }
    let (batches, _) = journal(&hub, &key, "HT01").await;
    let mut expected = Vec::new();
    for till in [&first, &second] {
        expected.extend([till.push_of(0, 1, 1).encode(), till.push_of(0, 2, 2).encode()]);
    }
    assert_eq!(batches.iter().map(|batch| batch.body.clone()).collect::<Vec<_>>(), expected);
    for batch in &batches {
        let till = [&first, &second].into_iter().find(|till| till.station == batch.place.station).unwrap();
        let checked = Push::decode(&batch.body).unwrap().check(till.station, &till.key.public()).unwrap();
        assert_eq!((checked.from_seq, checked.to_seq()), (batch.place.from_seq, batch.to_seq));
    }
    let stations: Value = get(&hub, &key, "/api/v1/journal/stations?site=HT01").await.json().await.unwrap();
    assert_eq!(stations.as_array().unwrap().len(), 2);
    assert_eq!(stations[0]["public_key"], first.key.public().to_string());
}

/// Seqs that are handed out for a date.
async fn seqs(hub: &TestHub, key: &str, date: &str) -> Vec<(u64, u64)> {
    let (batches, _) = journal_of(hub, key, "HT01", date).await;
    batches.iter().map(|batch| (batch.place.from_seq, batch.to_seq)).collect()
}

#[tokio::test]
async fn a_date_that_a_clock_far_ahead_wrote_is_handed_out_without_gaps_though_it_came_long_before() {
    let hub = TestHub::start().await;
    let key = hub.hub().journal_key("proof").await.unwrap();
    let mut till = hub.till("HT01", 1).await;
    for date in [DATE, 20_991_231, DATE, DATE] {
        till.date = date;
        till.sell(482, 386);
    }
    for seq in 1..=4 {
        till.push(&hub, seq, seq).await;
    }
    assert_eq!(seqs(&hub, &key, "2099-12-31").await, [(1, 1), (2, 2), (3, 3), (4, 4)]);
    assert_eq!(seqs(&hub, &key, "2099-12-30").await, [(1, 1), (2, 2), (3, 3), (4, 4)]);
    assert_eq!(seqs(&hub, &key, "2023-06-16").await, [(1, 1), (2, 2), (3, 3), (4, 4)]);
    assert_eq!(seqs(&hub, &key, "2100-01-02").await, []);
}

#[tokio::test]
async fn entries_that_fill_a_hole_are_handed_out_for_their_own_date() {
    let hub = TestHub::start().await;
    let key = hub.hub().journal_key("proof").await.unwrap();
    let mut till = hub.till("HT01", 1).await;
    for date in [DATE, 20_991_231, DATE] {
        till.date = date;
        till.sell(482, 386);
    }
    till.push(&hub, 1, 1).await;
    till.declare(&hub, (2, 2)).await;
    till.push(&hub, 3, 3).await;
    assert_eq!(seqs(&hub, &key, "2099-12-31").await, []);
    till.push(&hub, 2, 2).await;
    assert_eq!(seqs(&hub, &key, "2099-12-31").await, [(1, 1), (2, 2), (3, 3)]);
}

#[tokio::test]
async fn what_comes_behind_a_hole_at_the_start_is_handed_out_for_its_own_date() {
    let hub = TestHub::start().await;
    let key = hub.hub().journal_key("proof").await.unwrap();
    let mut till = hub.till("HT01", 1).await;
    till.sell(482, 386);
    till.date = 20_991_231;
    till.sell(482, 386);
    till.declare(&hub, (1, 1)).await;
    till.push(&hub, 2, 2).await;
    assert_eq!(seqs(&hub, &key, "2099-12-31").await, [(2, 2)]);
}

#[tokio::test]
async fn a_long_journal_comes_in_pages_that_neither_skip_nor_repeat() {
    let hub = TestHub::start().await;
    let key = hub.hub().journal_key("proof").await.unwrap();
    let mut till = hub.till("HT01", 1).await;
    let mut pushes = Vec::new();
    for round in 0..3 {
        // Random bytes do not compress, so that three pushes exceed a page.
        for n in 0..4_u32 {
            let random: Vec<u8> = (0..60_000_u32)
                .map(|at| {
                    (at ^ n ^ round << 8).wrapping_mul(2_654_435_761).rotate_left(at % 31).to_be_bytes()[1]
                })
                .collect();
            till.write(MORNING_MS, 60_000, &random);
            till.write(MORNING_MS, 60_001, &random.iter().rev().copied().collect::<Vec<u8>>());
            till.write(
                MORNING_MS,
                60_002,
                &random.iter().map(|byte| byte.wrapping_mul(167)).collect::<Vec<u8>>(),
            );
        }
        let to = till.segments[0].records.len();
        till.push(&hub, to - 11, to).await;
        pushes.push(till.push_of(0, to - 11, to).encode());
    }
    let (batches, pages) = journal(&hub, &key, "HT01").await;
    assert_eq!(batches.iter().map(|batch| batch.body.clone()).collect::<Vec<_>>(), pushes);
    assert_eq!(pages, 2);
}

#[tokio::test]
async fn journals_are_for_keys_that_were_made_for_them() {
    let hub = TestHub::start().await;
    for path in ["/api/v1/journal?site=HT01&date=2023-06-16", "/api/v1/journal/stations?site=HT01"] {
        let answer = get(&hub, &hub.api_key, path).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
        assert_eq!(answer.json::<Value>().await.unwrap()["code"], "HUB-AUT-009");
        assert_eq!(get(&hub, "sp_guessed", path).await.status(), StatusCode::UNAUTHORIZED);
    }
    let key = hub.hub().journal_key("proof").await.unwrap();
    for bad in ["", "?site=HT01", "?site=HT01&date=never", "?site=HT01&date=2023-06-16&after=1.2"] {
        let answer = get(&hub, &key, &format!("/api/v1/journal{bad}")).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{bad}");
    }
    for nowhere in ["?site=HT99&date=2023-06-16", "/stations?site=HT99"] {
        let answer = get(&hub, &key, &format!("/api/v1/journal{nowhere}")).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{nowhere}");
    }
}
