//! A whole till in a process of its own, with a cashier who never stops selling.
//!
//! `fire-till DATA HUB CODE STAFF`. Standard output is what can be seen from outside: `open`, `receipt NUMBER FEN` for
//! each paper that a customer was given, and the network line whenever it changes: `online TO MISSING`,
//! `catching-up LEFT`, `offline HELD`, `refused NUMBER`. Standard input is `pause`, answered by `paused`; `sell`; and
//! `jump MS`, which moves the machine's clock. The till ends with its standard input.

use std::io::{BufRead, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use suanpan_contract::NetworkView;
use suanpan_contract::pos::{Command, Screen, TillView};
use suanpan_ledger::Options;
use suanpan_station::pos::{StationConfig, Till};
use suanpan_station::{Clock, SystemClock};

/// Between two customers: brisk, and it leaves the processor to the others of a test.
const PAUSE: Duration = Duration::from_millis(20);

/// Longer than anything here takes; a till that waits this long gives up.
const PATIENCE: Duration = Duration::from_secs(120);

const HOUR_MS: i64 = 60 * 60_000;
const DAY_MS: i64 = 24 * HOUR_MS;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [data, hub, code, staff] = args.as_slice() else { return ExitCode::from(64) };
    match run(Path::new(data), hub, code, staff) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// The machine's clock, moved.
struct MovedClock(AtomicI64);

impl MovedClock {
    /// A test must not meet the hour in which a shift of yesterday is locked, 04:00 in China.
    fn new() -> MovedClock {
        let in_china = (SystemClock.now_ms() + 8 * HOUR_MS).rem_euclid(DAY_MS);
        let is_near = (2 * HOUR_MS..6 * HOUR_MS).contains(&in_china);
        MovedClock(AtomicI64::new(if is_near { 5 * HOUR_MS } else { 0 }))
    }
}

impl Clock for MovedClock {
    fn now_ms(&self) -> i64 {
        SystemClock.now_ms() + self.0.load(Ordering::SeqCst)
    }
}

enum Event {
    Order(String),
    Network(NetworkView),
    /// Standard input has ended.
    Quit,
}

fn run(data: &Path, hub: &str, code: &str, staff: &str) -> Result<(), String> {
    let clock = Arc::new(MovedClock::new());
    let till = Till::start(StationConfig {
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        ledger: Options { reserve_bytes: 0, ..Options::default() },
        with_devices: false,
        ..StationConfig::new(data)
    });
    let till = till.map_err(|error| format!("{} {error}", error.code().text()))?;
    let (sender, events) = channel();
    let told = sender.clone();
    till.on_change(move |view| {
        // A till that ends no longer listens.
        let _ = told.send(Event::Network(view.status.network.clone()));
    });
    if till.view().screen == Screen::Enrol {
        till.dispatch(Command::Enrol { hub_url: hub.to_owned(), code: code.to_owned() });
    }
    while !matches!(till.view().screen, Screen::SignIn) {
        events.recv_timeout(PATIENCE).map_err(|_| format!("no price list: {:?}", till.view().message))?;
    }
    open(&till, staff)?;
    std::thread::spawn(move || read_orders(&sender));
    serve(&till, &clock, &events)
}

fn read_orders(sender: &Sender<Event>) {
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let _ = sender.send(Event::Order(line));
    }
    let _ = sender.send(Event::Quit);
}

/// Signs in and opens a shift, or goes on with the one that a kill left open.
fn open(till: &Till, staff: &str) -> Result<(), String> {
    let sign_in = Command::SignIn { staff: staff.to_owned(), pin: "3141".to_owned(), relieve: false };
    let mut view = till.dispatch(sign_in).view;
    if view.screen == Screen::OpenShift {
        view = till.dispatch(Command::OpenShift { float_fen: 20_000 }).view;
    }
    till.dispatch(Command::Clear);
    if view.screen != Screen::Selling {
        return Err(format!("not selling: {:?}", view.message));
    }
    if !view.basket.lines.is_empty() {
        pay(till)?;
    }
    say("open")
}

fn serve(till: &Till, clock: &MovedClock, events: &Receiver<Event>) -> Result<(), String> {
    let (mut is_selling, mut grams, mut shown) = (true, 100, None);
    loop {
        let event = match is_selling {
            true => events.recv_timeout(PAUSE),
            false => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match event {
            Err(RecvTimeoutError::Timeout) => {
                grams = 100 + (grams + 37) % 1_900;
                sell(till, grams)?;
            }
            Ok(Event::Network(network)) if shown.as_ref() != Some(&network) => {
                say(&line(&network))?;
                shown = Some(network);
            }
            Ok(Event::Network(_)) => {}
            Ok(Event::Order(order)) => match order.split_once(' ') {
                Some(("jump", ms)) => {
                    clock.0.fetch_add(ms.parse().map_err(|_| order.clone())?, Ordering::SeqCst);
                }
                _ => {
                    is_selling = order == "sell";
                    say(if is_selling { "selling" } else { "paused" })?;
                }
            },
            Ok(Event::Quit) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
}

/// A bag of spinach for exact cash.
fn sell(till: &Till, grams: i64) -> Result<(), String> {
    till.dispatch(Command::Enter { text: "10101".into() });
    till.dispatch(Command::TypeWeight { grams });
    pay(till)
}

/// Takes the cash. The paper is given after the commit.
fn pay(till: &Till) -> Result<(), String> {
    let cash = Command::Tender { tender: "cash".into(), amount_fen: None, reference: None };
    let TillView { closed, message, .. } = till.dispatch(cash).view;
    let closed = closed.ok_or_else(|| format!("the sale did not close: {message:?}"))?;
    say(&format!("receipt {} {}", closed.number, closed.due_fen))
}

fn line(network: &NetworkView) -> String {
    match network {
        NetworkView::Online { received_to, missing } => format!("online {received_to} {missing}"),
        NetworkView::CatchingUp { left } => format!("catching-up {left}"),
        NetworkView::Offline { held, .. } => format!("offline {held}"),
        NetworkView::Refused { number } => format!("refused {number}"),
    }
}

fn say(line: &str) -> Result<(), String> {
    writeln!(std::io::stdout(), "{line}").map_err(|error| error.to_string())
}
