//! What the journal refuses: damaged runs, changed bytes, wrong signatures.

use proptest::prelude::*;
use suanpan_journal::{
    Certificate, CertificateId, Chain, ChainError, Enrolment, Hash, Header, Message, PAYLOAD_LEN_MAX, Parent,
    RecordError, Records, SegmentId, SigningKey, SiteCode, StationId, Tag, VerifyingKey, push_record,
};

const STATION: StationId = StationId([1; 16]);
const SEGMENT: SegmentId = SegmentId([2; 16]);
const TAG: Tag = Tag::new("suanpan/test/v1");

fn opening() -> Chain {
    Chain::open(STATION, SEGMENT, &Parent::ROOT)
}

/// A run of these payloads and its head.
fn run_of(payloads: &[Vec<u8>]) -> (Vec<u8>, Hash) {
    let (mut chain, mut run) = (opening(), Vec::new());
    for payload in payloads {
        let header = chain.append(1_686_868_200_000, 20230616, 7, payload).expect("append");
        push_record(&mut run, &header, payload);
    }
    (run, chain.hash)
}

#[test]
fn a_cut_run_names_the_offset_of_the_cut_record() {
    let check = |len: usize, expected: RecordError| {
        let (run, _) = run_of(&[b"first".to_vec(), b"second".to_vec()]);
        let mut records = Records::new(&run[..len]);
        assert!(records.next().expect("one record").is_ok());
        assert_eq!(records.next(), Some(Err(expected)));
        assert_eq!(records.next(), None, "nothing follows an error");
    };
    check(31 + 1, RecordError::HeaderCut { offset: 31, have: 1 });
    check(31 + 25, RecordError::HeaderCut { offset: 31, have: 25 });
    check(31 + 26, RecordError::PayloadCut { offset: 31, len: 6, have: 0 });
    check(31 + 26 + 5, RecordError::PayloadCut { offset: 31, len: 6, have: 5 });
}

#[test]
fn a_length_from_damage_is_refused_before_it_is_believed() {
    let header = Header { seq: 1, at_ms: 0, business_date: 20230616, kind: 1, payload_len: u32::MAX };
    let error = RecordError::PayloadTooLong { offset: 0, len: u32::MAX };
    assert_eq!(Records::new(&header.encode()).next(), Some(Err(error)));
}

#[test]
fn a_payload_over_the_limit_is_not_appended() {
    let mut chain = opening();
    let len = PAYLOAD_LEN_MAX + 1;
    assert_eq!(chain.append(0, 20230616, 1, &vec![b' '; len]), Err(ChainError::PayloadLen { seq: 1, len }));
    assert_eq!(chain, opening());
    assert!(chain.append(0, 20230616, 1, &vec![b' '; PAYLOAD_LEN_MAX]).is_ok());
}

#[test]
fn a_skipped_or_repeated_entry_breaks_the_chain() {
    let (run, head) = run_of(&[b"a".to_vec(), b"b".to_vec(), b"c".to_vec()]);
    let check = |order: &[usize], expected: ChainError| {
        let shuffled: Vec<u8> = order.iter().flat_map(|at| run[at * 27..][..27].to_vec()).collect();
        let mut chain = opening();
        assert_eq!(chain.verify_run(&shuffled, &head), Err(expected));
        assert_eq!(chain, opening(), "a refused run leaves the chain where it was");
    };
    check(&[1, 2], ChainError::Seq { expected: 1, found: 2 });
    check(&[0, 2], ChainError::Seq { expected: 2, found: 3 });
    check(&[0, 0], ChainError::Seq { expected: 2, found: 1 });
}

#[test]
fn another_station_segment_or_parent_gives_another_chain() {
    let parent = Parent { segment: SegmentId([3; 16]), seq: 1, hash: Hash([4; 32]) };
    let heads = [
        opening(),
        Chain::open(StationId([9; 16]), SEGMENT, &Parent::ROOT),
        Chain::open(STATION, SegmentId([9; 16]), &Parent::ROOT),
        Chain::open(STATION, SEGMENT, &parent),
        Chain::open(STATION, SEGMENT, &Parent { seq: 2, ..parent }),
        Chain::open(STATION, SEGMENT, &Parent { hash: Hash([5; 32]), ..parent }),
    ];
    let distinct: std::collections::BTreeSet<Hash> = heads.iter().map(|chain| chain.hash).collect();
    assert_eq!(distinct.len(), heads.len());
}

#[test]
fn a_signature_serves_one_key_one_tag_one_station_and_one_set_of_fields() {
    let key = SigningKey::from_seed(&[1; 32]);
    let message = || Message::new(TAG, STATION).text("a").text("bc");
    let signature = key.sign(&message());
    let refused = |key: &SigningKey, message: &Message| key.public().verify(message, &signature).is_err();
    assert!(!refused(&key, &message()));
    assert!(refused(&SigningKey::from_seed(&[2; 32]), &message()));
    assert!(refused(&key, &Message::new(Tag::new("suanpan/test/v2"), STATION).text("a").text("bc")));
    assert!(refused(&key, &Message::new(TAG, StationId([9; 16])).text("a").text("bc")));
    assert!(refused(&key, &Message::new(TAG, STATION).text("ab").text("c")));
}

#[test]
fn no_text_of_a_private_key_reaches_a_log() {
    let key = SigningKey::from_seed(&[0x5a; 32]);
    let shown = format!("{key:?} {:?}", Message::new(TAG, STATION).text("a PIN"));
    assert!(!shown.contains("5a5a5a") && !shown.contains("90, 90") && !shown.contains("PIN"), "{shown}");
    assert!(shown.contains(&key.public().to_string()));
}

#[test]
fn a_weak_public_key_is_refused() {
    let identity_point = [1].into_iter().chain([0; 31]).collect::<Vec<u8>>();
    assert!(VerifyingKey::from_bytes(&identity_point.try_into().expect("32 bytes")).is_err());
    assert!("zz".repeat(32).parse::<VerifyingKey>().is_err());
}

#[test]
fn a_site_code_is_short_ascii_without_dashes() {
    for good in ["1", "S001", "ABCDEFGHIJKLMNOP"] {
        assert_eq!(good.parse::<SiteCode>().expect(good).to_string(), good);
    }
    for bad in ["", "S-1", "一店", "S 1", "ABCDEFGHIJKLMNOPQ"] {
        assert!(bad.parse::<SiteCode>().is_err(), "{bad}");
        assert!(serde_json::from_value::<SiteCode>(bad.into()).is_err(), "{bad}");
    }
}

#[test]
fn an_id_has_one_spelling() {
    let id = "0a".repeat(16);
    assert_eq!(id.parse::<StationId>().expect("id").to_string(), id);
    for bad in [&id[1..], &id.to_uppercase(), &format!(" {}", &id[1..]), &format!("{id}00"), ""] {
        assert!(bad.parse::<StationId>().is_err(), "{bad:?}");
    }
}

#[test]
fn a_certificate_changed_in_any_field_is_refused() {
    let hub = SigningKey::from_seed(&[1; 32]);
    let enrolment = Enrolment {
        id: CertificateId([1; 16]),
        station: STATION,
        site: "S001".parse().expect("site"),
        till: 1,
        public_key: SigningKey::from_seed(&[2; 32]).public(),
        issued_at_ms: 1_686_868_200_000,
    };
    let good = Certificate::issue(enrolment.clone(), &hub);
    assert!(good.verify(&hub.public()).is_ok());
    assert!(good.verify(&enrolment.public_key).is_err());
    for changed in [
        Enrolment { id: CertificateId([2; 16]), ..enrolment.clone() },
        Enrolment { station: StationId([2; 16]), ..enrolment.clone() },
        Enrolment { site: "S002".parse().expect("site"), ..enrolment.clone() },
        Enrolment { till: 2, ..enrolment.clone() },
        Enrolment { public_key: hub.public(), ..enrolment.clone() },
        Enrolment { issued_at_ms: 0, ..enrolment },
    ] {
        let forged = Certificate { enrolment: changed, signature: good.signature };
        assert!(forged.verify(&hub.public()).is_err(), "{forged:?}");
    }
}

proptest! {
    #[test]
    fn any_header_survives_its_bytes(seq: u64, at_ms: i64, business_date: u32, kind: u16, payload_len: u32) {
        let header = Header { seq, at_ms, business_date, kind, payload_len };
        prop_assert_eq!(Header::decode(&header.encode()), header);
    }

    #[test]
    fn any_run_is_read_back_and_any_flipped_bit_is_found(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..6),
        at in any::<prop::sample::Index>(),
        bit in 0_u8..8,
    ) {
        let (mut run, head) = run_of(&payloads);
        let read: Vec<Vec<u8>> =
            Records::new(&run).map(|record| record.expect("record").payload.to_vec()).collect();
        prop_assert_eq!(&read, &payloads);
        prop_assert_eq!(opening().verify_run(&run, &head), Ok(payloads.len() as u64));
        let at = at.index(run.len());
        run[at] ^= 1 << bit;
        prop_assert!(opening().verify_run(&run, &head).is_err());
    }

    #[test]
    fn garbage_never_panics_and_always_ends(garbage in prop::collection::vec(any::<u8>(), 0..400)) {
        let read = Records::new(&garbage).take(garbage.len() + 1).count();
        prop_assert!(read <= garbage.len() / Header::LEN + 1);
    }
}
