//! A till without a screen for the fault tests: sells, and "prints" a receipt into a file after each commit.
//!
//! `faults-till DATA RECEIPTS SALES [off] [reserve]`. A line of the receipts is what a cashier was told: `printed ID`,
//! `saved ID`, `not-saved ID` or `full ID`. With `station` the whole till sells, see [`station`].

use std::fs::OpenOptions;
use std::hash::{BuildHasher, Hasher};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use suanpan_contract::Code;
use suanpan_contract::pos::Command;
use suanpan_journal::SegmentId;
use suanpan_ledger::{CommitError, Durability, Ledger, Lock, NewEntry, OpenBasket, Options, Working};
use suanpan_station::pos::{StationConfig, Till};
use suanpan_tests::catalogue::gtin;
use suanpan_tests::rig::{cash, still_clock};
use suanpan_tests::sales::{DATE, START_MS, STATION, id, sale};

/// A fault that a till cannot get past ends the test instead of filling the disk.
const REFUSALS_MAX: u32 = 3;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [data, receipts, sales, rest @ ..] = args.as_slice() else { return ExitCode::from(64) };
    let durability = if rest.iter().any(|arg| arg == "off") { Durability::Off } else { Durability::Full };
    let reserve_bytes = if rest.iter().any(|arg| arg == "reserve") { 1 << 20 } else { 0 };
    let options = Options { durability, reserve_bytes, commits_per_checkpoint: 8 };
    let run = if rest.iter().any(|arg| arg == "station") { station } else { run };
    match run(Path::new(data), Path::new(receipts), sales.parse().unwrap_or(0), options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(code) => {
            eprintln!("{code}");
            ExitCode::FAILURE
        }
    }
}

fn run(data: &Path, receipts: &Path, sales: u32, options: Options) -> Result<(), &'static str> {
    let mut told = OpenOptions::new().create(true).append(true).open(receipts).map_err(|_| "receipts")?;
    let mut tell = |what: &str, id: suanpan_domain::ids::Id| {
        told.write_all(format!("{what} {id}\n").as_bytes()).map_err(|_| "receipts")
    };
    let lock = Lock::acquire(data).map_err(|error| error.code())?;
    let opened = Ledger::open(&lock, STATION, options, Box::new(random_segment));
    let mut ledger = opened.map_err(|error| error.code())?.ledger;
    // A kill between commit and print leaves a sale that nobody was told of: ids go on after it.
    let mut next = std::fs::read_to_string(receipts).map_or(0, |text| text.lines().count() as u32);
    while ledger.document(id(next + 1)).map_err(|error| error.code())?.is_some() {
        next += 1;
    }
    let (mut sold, mut refused) = (0, 0);
    while sold < sales {
        next += 1;
        let number = ledger.next_number(DATE).map_err(|error| error.code())?;
        let basket = ledger.save_basket(OpenBasket::Save(format!("basket {next}").as_bytes()));
        if let Err(error @ (CommitError::Unknown { .. } | CommitError::Stopped)) = basket {
            return Err(error.code());
        }
        let entry = sale(next, number);
        let new = NewEntry { at_ms: START_MS + i64::from(next) * 1_000, business_date: DATE, entry: &entry };
        let working = Working { basket: OpenBasket::Clear, print: &[] };
        match ledger.append(&[new], &working) {
            Ok(_) => {
                tell("printed", id(next))?;
                sold += 1;
            }
            Err(CommitError::Recovered { saved: true, .. }) => {
                tell("saved", id(next))?;
                sold += 1;
            }
            Err(CommitError::Recovered { saved: false, .. }) => tell("not-saved", id(next))?,
            Err(CommitError::DiskFull) => {
                tell("full", id(next))?;
                refused += 1;
                if refused == REFUSALS_MAX {
                    return Err("full");
                }
            }
            Err(error) => return Err(error.code()),
        }
        ledger.between_sales().map_err(|error| error.code())?;
    }
    ledger.settle().map_err(|error| error.code())?;
    Ok(())
}

/// Sells as a cashier at the screen of an enrolled till: rings until the line is there and tenders until the sale is
/// saved. Each tender is a line `WORD LINES`: what its message says, and the lines that are left on the counter.
fn station(data: &Path, receipts: &Path, sales: u32, ledger: Options) -> Result<(), &'static str> {
    let mut told = OpenOptions::new().create(true).append(true).open(receipts).map_err(|_| "receipts")?;
    let config = StationConfig {
        clock: still_clock(),
        ledger,
        with_devices: false,
        with_sync: false,
        ..StationConfig::new(data)
    };
    let till = Till::start(config).map_err(|error| error.code().text())?;
    let sign_in = || Command::SignIn { staff: "1101".to_owned(), pin: "3141".to_owned(), relieve: false };
    until(&till, sign_in, |view| view.status.cashier.is_some())?;
    until(&till, || Command::OpenShift { float_fen: 0 }, |view| view.status.business_date.is_some())?;
    for _ in 0..sales {
        let rice = || Command::Scan { text: gtin("690000000001") };
        until(&till, rice, |view| view.basket.lines.len() == 1)?;
        till.settle();
        till.dispatch(Command::Clear);
        let sold = (0..REFUSALS_MAX).find_map(|_| match tender(&till, &mut told) {
            Ok("not-saved") => None,
            done => Some(done),
        });
        sold.unwrap_or(Err("refused"))?;
    }
    Ok(())
}

/// Takes cash and writes down what the cashier is told.
fn tender(till: &Till, told: &mut std::fs::File) -> Result<&'static str, &'static str> {
    let view = till.dispatch(cash(None)).view;
    let word = match view.message.map(|message| message.code) {
        None => "printed",
        Some(Code::SaleSaved) => "saved",
        Some(Code::SaleNotSaved) => "not-saved",
        Some(other) => return Err(other.text()),
    };
    let line = format!("{word} {}\n", view.basket.lines.len());
    told.write_all(line.as_bytes()).map_err(|_| "receipts")?;
    till.dispatch(Command::Clear);
    Ok(word)
}

/// Sends a command until the picture is as wanted, acknowledging what is said in between.
fn until(
    till: &Till,
    command: impl Fn() -> Command,
    wanted: impl Fn(&suanpan_contract::pos::TillView) -> bool,
) -> Result<(), &'static str> {
    for _ in 0..REFUSALS_MAX {
        if wanted(&till.dispatch(command()).view) {
            till.dispatch(Command::Clear);
            return if wanted(&till.view()) { Ok(()) } else { Err("cleared") };
        }
        till.dispatch(Command::Clear);
    }
    Err("refused")
}

fn random_segment() -> SegmentId {
    let random = || std::hash::RandomState::new().build_hasher().finish();
    SegmentId(((u128::from(random()) << 64) | u128::from(random())).to_be_bytes())
}
