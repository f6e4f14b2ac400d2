//! The files that are replayed: a real week where it is at hand, and one made up everywhere.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// Files and what they add up to, by date: (lines, grams, fen).
pub struct Week {
    pub items: PathBuf,
    pub sales: PathBuf,
    pub days: BTreeMap<String, (i64, i64, i64)>,
    /// Holds made-up files.
    _folder: Option<TempDir>,
}

impl Week {
    /// The real week if it is at hand, else a made-up one.
    pub fn any() -> Week {
        Week::real().unwrap_or_else(|| Week::made_up(1))
    }

    /// The real week: `SUANPAN_SHARED`, or `shared/data` beside the repository.
    pub fn real() -> Option<Week> {
        let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
        let folder = std::env::var_os("SUANPAN_SHARED").map_or_else(beside, PathBuf::from);
        let totals = fs::read_to_string(folder.join("expected_daily_totals.csv")).ok()?;
        let days = totals.lines().skip(1).map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let number = |at: usize| cells[at].parse().unwrap();
            (cells[0].to_owned(), (number(1), number(2), number(3)))
        });
        Some(Week {
            items: folder.join("items.csv"),
            sales: folder.join("sales_2023-06-16_to_24.csv"),
            days: days.collect(),
            _folder: None,
        })
    }

    /// Three days of 400 lines, one in eleven brought back, with a byte-order mark and CRLF. The totals are summed
    /// here, line by line. Another seed gives other files.
    pub fn made_up(seed: i64) -> Week {
        let mut items = String::from("\u{feff}item_code,name,category_code,category,loss_percent\r\n");
        for item in 0..20 {
            write!(items, "70{item:02},\"青菜, 第{item}种\",01,花叶类,4.39\r\n").unwrap();
        }
        let mut sales =
            String::from("\u{feff}date,time,item_code,qty_kg,unit_price_yuan_per_kg,kind,discounted\r\n");
        let mut days = BTreeMap::new();
        for day in [16, 17, 19] {
            let date = format!("2023-06-{day}");
            let mut sums = (0, 0, 0);
            for line in 0..400 {
                let n = seed * 7_919 + day * 104_729 + line * 31;
                let (grams, price) = (1 + n % 2_345, 1 + n * 17 % 6_000);
                let (kind, sign) = if line % 11 == 5 { ("return", -1) } else { ("sale", 1) };
                // One or two lines a document: every third comes more than 20 s after the one before.
                let at = 9 * 3_600 + line * 60 + 30 * (line % 3);
                let time = format!("{:02}:{:02}:{:02}.{:03}", at / 3_600, at / 60 % 60, at % 60, n % 1_000);
                let (kg, g, yuan, fen) = (grams / 1_000, grams % 1_000, price / 100, price % 100);
                let item = n % 20;
                write!(sales, "{date},{time},70{item:02},{kg}.{g:03},{yuan}.{fen:02},{kind},no\r\n").unwrap();
                sums.0 += sign;
                sums.1 += sign * grams;
                sums.2 += sign * ((grams * price + 500) / 1_000);
            }
            days.insert(date, sums);
        }
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("items.csv"), items).unwrap();
        fs::write(path("sales.csv"), sales).unwrap();
        Week { items: path("items.csv"), sales: path("sales.csv"), days, _folder: Some(folder) }
    }

    /// The sums over all days.
    pub fn total(&self) -> (i64, i64, i64) {
        self.days.values().fold((0, 0, 0), |sum, day| (sum.0 + day.0, sum.1 + day.1, sum.2 + day.2))
    }
}
