//! How long a search takes, as a cashier types it: one to six letters, digits or hanzi, misses included.

use std::time::Instant;

use pinyin::ToPinyin;
use suanpan_station::search::{HITS_MAX, SearchIndex, SearchItem};

/// Characters of goods' names, common 多音字 among them.
const NAME_CHARACTERS: &str = "大小红白青黄黑新鲜有机本地特级进口散装精品嫩老甜辣香脆土豆番茄西红柿菠菜生菜油麦菜空心菜茼蒿芹菜韭菜\
蒜苗青椒尖椒茄子黄瓜冬瓜南瓜丝瓜苦瓜萝卜山药莲藕芋头洋葱生姜香菇平菇金针木耳苹果雪梨香蕉脐橙柚子葡萄草莓西瓜桃李杏樱桃\
猪肉牛肉羊肉鸡鸭鱼虾蟹蛋奶酸大米面粉小绿豆食用酱醋盐糖可乐矿泉水啤酒白饼干薯片巧克力果方便火腿肠购物袋长重行";
const QUERIES: usize = 2_000;

/// What was measured.
pub(crate) struct Measured {
    /// Milliseconds to build the index.
    pub(crate) build_ms: f64,
    /// Bytes it holds.
    pub(crate) heap_bytes: usize,
    /// Milliseconds of each search.
    pub(crate) search_ms: Vec<f64>,
}

/// Builds an index of `items` made-up goods and searches it.
pub(crate) fn measure(items: usize) -> Measured {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let goods: Vec<SearchItem> = (0..items).map(|number| made_up(number, &mut dice)).collect();
    let queries: Vec<String> = (0..QUERIES).map(|kind| query(kind, &goods, &mut dice)).collect();
    let start = Instant::now();
    let index = SearchIndex::build(goods);
    let build_ms = start.elapsed().as_secs_f64() * 1e3;
    let search_ms = queries
        .iter()
        .map(|query| {
            let start = Instant::now();
            std::hint::black_box(index.search(query, HITS_MAX));
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    Measured { build_ms, heap_bytes: index.heap_bytes(), search_ms }
}

fn made_up(number: usize, dice: &mut Dice) -> SearchItem {
    let mut name = name(dice);
    if dice.below(5) == 0 {
        name.push_str(&format!("{}ml", 100 + 50 * dice.below(20)));
    }
    SearchItem {
        code: format!("{:06}", 100_000 + number),
        name,
        aliases: if dice.below(4) == 0 { vec![self::name(dice)] } else { vec![] },
        keys: vec![format!("69{:011}", dice.below(99_999_999_999))],
        rank: i64::try_from(dice.below(100_000)).unwrap_or(0),
    }
}

fn name(dice: &mut Dice) -> String {
    let characters: Vec<char> = NAME_CHARACTERS.chars().collect();
    (0..2 + dice.below(6)).map(|_| characters[dice.below(characters.len())]).collect()
}

/// First letters, whole pinyin, a mixture, letters from within, letters at random, hanzi, a barcode's end, a code.
fn query(kind: usize, goods: &[SearchItem], dice: &mut Dice) -> String {
    let item = &goods[dice.below(goods.len())];
    let syllables: Vec<&str> = item.name.as_str().to_pinyin().flatten().map(pinyin::Pinyin::plain).collect();
    let letters = 1 + dice.below(6);
    let initials = |from: usize| syllables[from..].iter().map(|s| &s[..1]).collect::<String>();
    let text = match kind % 8 {
        0 => initials(0),
        1 => syllables.concat(),
        2 => syllables.iter().map(|s| s.chars().take(1 + dice.below(3)).collect::<String>()).collect(),
        3 => initials(1),
        4 => (0..letters).map(|_| char::from(b'a' + u8::try_from(dice.below(26)).unwrap_or(0))).collect(),
        5 => item.name.chars().take(1 + dice.below(3)).collect(),
        6 => item.keys[0].chars().skip(13 - letters).collect(),
        _ => item.code.clone(),
    };
    text.chars().take(letters).collect()
}

/// The same numbers in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap_or(0)
    }
}
