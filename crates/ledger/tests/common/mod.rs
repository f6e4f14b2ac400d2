//! A till's folder to write into, and sales to write.
#![allow(dead_code, unreachable_pub)]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};

use suanpan_domain::entry::Entry;
use suanpan_domain::ids::Id;
use suanpan_domain::money::Fen;
use suanpan_domain::pricing::{Per, Price};
use suanpan_domain::quantity::{Grams, Quantity};
use suanpan_domain::sale::{Sale, SaleLine, Tendered};
use suanpan_domain::shift::ShiftOpened;
use suanpan_domain::tax::Tax;
use suanpan_journal::{SegmentId, StationId};
use suanpan_ledger::{Committed, Ledger, Lock, NewEntry, OpenBasket, OpenError, Opened, Options, Working};

pub const STATION: StationId = StationId([0x51; 16]);
pub const DATE: u32 = 20230616;
pub const AT: i64 = 1_686_868_200_000;
pub const SHIFT: Id = Id([7; 16]);

/// Segment ids in the order of their minting, never the same twice in a test.
pub fn mint() -> Box<dyn FnMut() -> SegmentId + Send> {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    Box::new(|| {
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        SegmentId([n, 0xaa, n, n, n, n, n, n, n, n, n, n, n, n, n, n])
    })
}

pub const OPTIONS: Options =
    Options { durability: suanpan_ledger::Durability::Full, reserve_bytes: 0, commits_per_checkpoint: 64 };

pub struct Till {
    pub dir: tempfile::TempDir,
}

impl Till {
    pub fn new() -> Till {
        Till { dir: tempfile::tempdir().expect("a folder") }
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn try_open(&self) -> Result<Opened, OpenError> {
        let lock = Lock::acquire(self.path())?;
        Ledger::open(&lock, STATION, OPTIONS, mint())
    }

    pub fn open(&self) -> Opened {
        self.try_open().expect("open")
    }

    /// Opens, sells, and settles.
    pub fn sell(&self, numbers: std::ops::RangeInclusive<u32>) -> Vec<Committed> {
        let mut ledger = self.open().ledger;
        let sold = numbers.map(|number| sell(&mut ledger, number)).collect();
        ledger.settle().expect("settle");
        sold
    }
}

pub fn id(number: u32) -> Id {
    Id::mint(AT + i64::from(number), [3; 10])
}

/// Three lines of vegetables paid in cash.
pub fn sale(number: u32) -> Entry {
    let line = |item: &str, grams: i64, fen: i64| {
        let tax = Tax { code: "EX".into(), rate_bp: 0 };
        SaleLine {
            item: item.into(),
            name: format!("有机蔬菜{item}"),
            unit: String::new(),
            quantity: Quantity::G(Grams(grams)),
            price: Price { fen: Fen(fen), per: Per::Jin },
            list_price: None,
            gross: Fen(fen * 2),
            paid: Fen(fen * 2),
            net: Fen(fen * 2),
            tax_fen: Fen(0),
            tax,
            rounding: Fen(0),
            source: None,
            tare_g: 0,
            scanned: None,
            approver: None,
        }
    };
    let n = i64::from(number);
    let lines = vec![
        line(&format!("1{:03}", n % 97), 500 + n % 300, 298),
        line(&format!("2{:03}", n % 89), 1000, 450),
        line(&format!("3{:03}", n % 83), 300, 1280),
    ];
    let due: Fen = lines.iter().map(|line| line.paid).sum();
    Entry::Sale(Sale {
        id: id(number),
        number,
        shift: SHIFT,
        cashier: "1001".into(),
        cut: "chain:12,site-S001:7".into(),
        lines,
        discount: Fen(0),
        rounding: Fen(0),
        due,
        tenders: vec![Tendered {
            tender: "cash".into(),
            amount: due,
            given: Some(Fen(5000)),
            reference: None,
        }],
        change: Fen(5000) - due,
        approver: None,
    })
}

pub fn shift_opened() -> Entry {
    Entry::ShiftOpened(ShiftOpened { id: SHIFT, no: 1, cashier: "1001".into(), float: Fen(50_000) })
}

pub fn at(number: u32, entry: &Entry) -> NewEntry<'_> {
    NewEntry { at_ms: AT + i64::from(number) * 60_000, business_date: DATE, entry }
}

pub fn sell(ledger: &mut Ledger, number: u32) -> Committed {
    let sale = sale(number);
    let working = Working { basket: OpenBasket::Clear, print: &[] };
    let committed = ledger.append(&[at(number, &sale)], &working).expect("commit");
    assert_eq!(ledger.between_sales().expect("housekeeping"), None);
    committed
}

pub fn append(ledger: &mut Ledger, entry: &Entry) {
    ledger.append(&[at(1, entry)], &Working::KEEP).expect("commit");
}

/// The printed numbers of the date, in order.
pub fn numbers(ledger: &Ledger) -> Vec<u32> {
    let mut found: Vec<u32> = ledger
        .documents_of(DATE, 500)
        .expect("documents")
        .into_iter()
        .map(|document| match document.entry {
            Entry::Sale(sale) => sale.number,
            _ => 0,
        })
        .collect();
    found.sort_unstable();
    found
}
