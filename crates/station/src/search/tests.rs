use super::*;

fn item(code: &str, names: &str, keys: &[&str], rank: i64) -> SearchItem {
    let mut names = names.split('/').map(str::to_owned);
    SearchItem {
        code: code.into(),
        name: names.next().unwrap_or_default(),
        aliases: names.collect(),
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        rank,
    }
}

fn shop() -> SearchIndex {
    SearchIndex::build([
        item("10001", "菠菜", &["0231"], 50),
        item("10002", "土豆/马铃薯/洋芋", &[], 90),
        item("10003", "番茄/西红柿", &[], 80),
        item("10004", "小番茄/圣女果", &[], 20),
        item("10005", "牛肉", &[], 30),
        item("10006", "长豆角/豇豆", &[], 10),
        item("10007", "重庆小面", &["6901234567892"], 5),
        item("10008", "生菜", &[], 60),
        item("10009", "上海青/小青菜", &[], 70),
        item("10010", "绿豆", &[], 15),
        item("10011", "可口可乐 500ml", &["6900000012340"], 40),
        item("10012", "Sprite雪碧500ML", &[], 35),
        item("A-17", "礼盒", &[], 1),
        item("20002", "藕", &[], 3),
        item("20003", "南瓜", &[], 4),
        item("20004", "蓝莓", &[], 4),
    ])
}

fn codes(index: &SearchIndex, query: &str) -> Vec<String> {
    index.search(query, HITS_MAX).into_iter().map(|hit| hit.code.to_owned()).collect()
}

/// The query finds exactly these codes, in this order.
fn check(query: &str, want: &[&str]) {
    assert_eq!(codes(&shop(), query), want, "{query:?}");
}

#[test]
fn pinyin_finds_whole_first_and_mixed_letters() {
    for (query, want) in [
        ("bocai", &["10001"][..]),
        ("bc", &["10001"]),
        ("boc", &["10001"]),
        ("BoCai", &["10001"]),
        ("xihongshi", &["10003"]),
        ("xhs", &["10003"]),
        ("xihsh", &["10003"]),
        ("xihs", &["10003"]),
        ("xihongs", &["10003"]),
        ("malingshu", &["10002"]),
        ("yy", &["10002"]),
        ("qc", &["10009"]),
        ("bocaii", &[]),
        ("zz", &[]),
        ("xih ong shi", &["10003"]),
        ("xi'hong'shi", &["10003"]),
        ("ma’ling", &["10002"]),
        ("ＢＣ", &["10001"]),
    ] {
        check(query, want);
    }
}

#[test]
fn any_mixture_of_whole_and_first_letters_finds_a_name() {
    use pinyin::{Pinyin, ToPinyin};
    for name in ["番茄", "马铃薯", "胡萝卜", "五花肉", "长豆角", "重庆小面", "空心菜苗", "女儿红", "核桃仁"]
    {
        let index = SearchIndex::build([item("1", "礼盒", &[], 9), item("2", name, &[], 1)]);
        let syllables: Vec<&str> = name.to_pinyin().flatten().map(Pinyin::plain).collect();
        for whole in 0..1 << syllables.len() {
            let parts = syllables.iter().enumerate();
            let query: String = parts
                .map(|(at, syllable)| if whole >> at & 1 == 1 { syllable } else { &syllable[..1] })
                .collect();
            assert!(codes(&index, &query).contains(&"2".to_owned()), "{name} by {query}");
        }
    }
}

#[test]
fn every_reading_of_a_character_is_found() {
    for query in ["changdoujiao", "zhangdoujiao", "cdj", "zdj"] {
        check(query, &["10006"]);
    }
    for query in ["chongqing", "zhongqing", "cqxm", "zqxm"] {
        check(query, &["10007"]);
    }
}

#[test]
fn the_usual_reading_of_the_own_name_comes_before_rare_readings_and_aliases() {
    // However much more of the others is sold.
    let index = SearchIndex::build([
        item("1", "柠檬", &[], 900),
        item("2", "草莓", &[], 1),
        item("3", "茭白/高笋/茭瓜", &[], 900),
        item("4", "西瓜/麒麟瓜", &[], 1),
        item("5", "卷心菜/莲花白/包菜", &[], 900),
        item("6", "包菜丝", &[], 1),
        item("7", "茄子", &[], 1),
    ]);
    let first = |query: &str| {
        let hits = index.search(query, HITS_MAX);
        hits.iter().map(|hit| (hit.code.to_owned(), hit.class)).collect::<Vec<_>>()
    };
    for (query, want) in [
        ("cm", &[("2", Class::NameWhole), ("1", Class::RareWhole)][..]),
        ("xg", &[("4", Class::NameWhole), ("3", Class::RareWhole)]),
        ("bc", &[("6", Class::NameStart), ("5", Class::AliasWhole)]),
        ("包菜", &[("6", Class::NameStart), ("5", Class::AliasWhole)]),
        ("qz", &[("7", Class::NameWhole)]),
        ("jz", &[("7", Class::RareWhole)]),
    ] {
        let want: Vec<_> = want.iter().map(|(code, class)| ((*code).to_owned(), *class)).collect();
        assert_eq!(first(query), want, "{query}");
    }
}

#[test]
fn hanzi_and_letters_find_a_name_together() {
    for (query, want) in [
        ("西hs", &["10003"][..]),
        ("西hongs", &["10003"]),
        ("番q", &["10003", "10004"]),
        ("x番茄", &["10004"]),
        ("重qing小m", &["10007"]),
        ("zhong庆", &["10007"]),
        ("雪b500", &["10012"]),
        ("西qs", &[]),
        ("西", &["10003"]),
    ] {
        check(query, want);
    }
}

#[test]
fn southern_spelling_finds_the_same() {
    for (query, want) in [
        ("sengcai", &["10008"][..]),
        ("shencai", &["10008"]),
        ("sencai", &["10008"]),
        ("sanghaiqing", &["10009"]),
        ("shanghaiqin", &["10009"]),
        ("liurou", &["10005"]),
        ("niurou", &["10005"]),
        ("lvdou", &["10010"]),
        ("ludou", &["10010"]),
        ("langua", &["20003"]),
        ("nanmei", &["20004"]),
        ("malinsu", &["10002"]),
    ] {
        check(query, want);
    }
}

#[test]
fn hanzi_and_aliases_are_found_anywhere_in_a_name() {
    for (query, want) in [
        ("番茄", &["10003", "10004"][..]),
        ("马铃薯", &["10002"]),
        ("洋芋", &["10002"]),
        ("豆", &["10002", "10010", "10006"]),
        ("可乐500", &["10011"]),
        ("５００ＭＬ", &["10011", "10012"]),
        ("雪碧", &["10012"]),
        ("不存在", &[]),
    ] {
        check(query, want);
    }
}

#[test]
fn codes_match_by_both_ends() {
    for (query, want) in [
        ("10001", &["10001"][..]),
        ("0231", &["10001"]),
        ("2000", &["20003", "20004", "20002"]),
        ("2340", &["10011"]),
        ("6901234567892", &["10007"]),
        ("a-17", &["A-17"]),
        ("A", &["A-17"]),
        ("500", &["10011", "10012"]),
        ("99999", &[]),
    ] {
        check(query, want);
    }
}

#[test]
fn the_class_of_a_match_comes_before_sales_and_sales_decide_within_it() {
    let index = SearchIndex::build([
        item("1", "新土豆", &[], 900),
        item("2", "土豆片", &[], 10),
        item("3", "土豆丝", &[], 20),
        item("4", "土豆", &[], 1),
        item("tudou", "礼盒", &[], 0),
    ]);
    assert_eq!(codes(&index, "tudou"), ["tudou", "4", "3", "2", "1"]);
    assert_eq!(codes(&index, "土豆"), ["4", "3", "2", "1"]);
    assert_eq!(codes(&index, "td"), ["4", "3", "2", "1"]);
    let classes: Vec<Class> = index.search("tudou", HITS_MAX).iter().map(|hit| hit.class).collect();
    assert!(classes.is_sorted());
}

#[test]
fn foreign_words_are_found_by_their_letters() {
    for query in ["sprite", "spr", "spritexb", "sxb", "rite", "ml"] {
        assert!(codes(&shop(), query).contains(&"10012".to_owned()), "{query}");
    }
    assert_eq!(codes(&shop(), "kkkl"), ["10011"]);
}

#[test]
fn no_query_finds_more_than_the_limit_or_an_item_twice() {
    let items =
        (0..500).map(|n| item(&format!("{n:05}"), "白菜/大白菜/白菜", &[&format!("69{n:05}")], n % 7));
    let index = SearchIndex::build(items);
    for query in ["b", "bc", "baicai", "白", "0", "00", "69", "dbc"] {
        let hits = codes(&index, query);
        assert_eq!(hits.len(), HITS_MAX, "{query}");
        let distinct: std::collections::BTreeSet<_> = hits.iter().collect();
        assert_eq!(distinct.len(), hits.len(), "{query}");
    }
    assert_eq!(index.search("bc", 3).len(), 3);
}

#[test]
fn odd_queries_find_nothing_and_harm_nothing() {
    let index = shop();
    let long = "x".repeat(10_000);
    let limit = "a".repeat(QUERY_CHARS_MAX);
    for query in ["", " ", "\n", "\u{0}", "'", "%", "🥬", &long, &limit, "vv", "hhhhhh", "iiii"] {
        assert_eq!(codes(&index, query), Vec::<String>::new(), "{query:?}");
    }
    assert!(SearchIndex::build([]).is_empty());
    assert_eq!(codes(&SearchIndex::build([]), "bc"), Vec::<String>::new());
    assert_eq!(index.len(), 16);
}
