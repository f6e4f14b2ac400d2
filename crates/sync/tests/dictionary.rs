//! Pushes packed by what a chain's sales have in common.

mod support;

use suanpan_journal::Parent;
use suanpan_sync::*;
use support::*;

/// Sales of one shop: much is the same, and something never is.
fn sale(n: u64) -> String {
    let random = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let fen = 300 + random % 900;
    format!(
        r#"{{"id":"{random:016x}","no":{n},"by":"1101","lines":[{{"i":"10101","n":"菠菜","a":{fen}}}],"due":{fen}}}"#
    )
}

fn day() -> Written {
    let sales: Vec<String> = (1..=600).map(sale).collect();
    Written::new(segment(1), Parent::ROOT, &sales.iter().map(String::as_str).collect::<Vec<_>>())
}

/// A dictionary of the day's first sales.
fn dictionary(day: &Written) -> Dictionary {
    let alone = |seq| day.push(seq, seq).container.unpack().unwrap().into_owned();
    Dictionary::train(&(1..=500).map(alone).collect::<Vec<_>>()).unwrap()
}

fn packed(push: &Push, dictionary: &Dictionary) -> Push {
    push.packed_by(dictionary).expect("it is smaller")
}

#[test]
fn a_sale_that_travels_alone_is_shorter_by_a_dictionary_and_says_the_same() {
    let day = day();
    let dictionary = dictionary(&day);
    let plain = day.push(550, 550);
    let push = packed(&plain, &dictionary);
    assert_eq!(push.container.codec, Codec::Dictionary);
    let (short, long) = (push.encode().len(), plain.encode().len());
    assert!(short + 60 < long, "{short} of {long} bytes");
    let read = Push::decode(&push.encode()).unwrap();
    assert_eq!(read, push);
    let key = station_key().public();
    assert_eq!(read.check(STATION, &key), Err(WireError::Dictionary), "it takes the dictionary");
    let unpacked = read.packed_without(&dictionary).unwrap();
    assert_eq!(unpacked.check(STATION, &key), plain.check(STATION, &key));
}

#[test]
fn a_dictionary_is_named_by_its_bytes_and_comes_back_from_what_is_published() {
    let first = dictionary(&day());
    let again = Dictionary::from_hex(&first.to_hex()).unwrap();
    assert_eq!((again.id(), again.to_hex()), (first.id(), first.to_hex()));
    let other = Dictionary::new(b"{\"id\":\"\",\"no\":,\"by\":\"1101\",\"lines\":[".to_vec()).unwrap();
    assert_ne!(first.id(), other.id());
    let push = packed(&day().push(7, 7), &first);
    assert_eq!(push.packed_without(&other), Err(WireError::Dictionary));
}

#[test]
fn what_is_no_dictionary_and_what_was_not_packed_by_one_is_refused() {
    let dictionary = dictionary(&day());
    let malformed = |what| Err(WireError::Malformed { what });
    // The last begins as zstd's own do, and goes on as none does.
    for text in ["zz", "0", &format!("37a430ec{}", "ff".repeat(64))] {
        assert_eq!(Dictionary::from_hex(text).map(drop), malformed("dictionary"), "{text}");
    }
    let long = "00".repeat(limits::DICTIONARY_MAX + 1);
    assert!(matches!(Dictionary::from_hex(&long), Err(WireError::TooLong { .. })));
    let push = day().push(7, 7);
    assert_eq!(push.clone().packed_without(&dictionary).map(drop), malformed("records"));
    let packed = packed(&push, &dictionary);
    for end in [0, 7, 8, 12, packed.container.bytes.len() - 1] {
        let bytes = packed.container.bytes[..end].to_vec();
        let cut = Push { container: Container { bytes, ..packed.container.clone() }, ..packed.clone() };
        assert!(cut.packed_without(&dictionary).is_err(), "cut at {end}");
    }
    // A frame that says it holds more than a push may.
    let bomb = zstd::bulk::compress(&vec![0; limits::RECORDS_MAX + 1], 3).unwrap();
    let bytes = [dictionary.id().as_slice(), &bomb].concat();
    let bomb = Push { container: Container { codec: Codec::Dictionary, bytes }, ..packed };
    assert!(matches!(bomb.packed_without(&dictionary), Err(WireError::TooLong { .. })));
}

#[test]
fn too_little_to_learn_from_is_no_dictionary() {
    let one = day().push(1, 1).container.unpack().unwrap().into_owned();
    assert!(Dictionary::train(&[one]).is_none());
}
