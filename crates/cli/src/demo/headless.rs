//! The demo without a window: the five minutes of a new user, told line by line.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use suanpan_contract::NetworkView;
use suanpan_contract::pos::{Command, Prompt, Screen, TillView};
use suanpan_station::pos::{StationConfig, Till};
use suanpan_sync::paths;
use tokio::time::{interval, timeout};

use super::args::Args;
use super::chain::{Chain, SITE};

/// How long the catalogue, or the last receipt, may take to arrive on a busy machine.
const WAIT_MAX: Duration = Duration::from_secs(60);
/// How often the till is looked at while waiting.
const LOOK: Duration = Duration::from_millis(50);
/// Three vegetables by item code, with their grams.
const VEGETABLES: [(&str, i64); 3] = [("10101", 328), ("10102", 482), ("10103", 735)];
/// A packet of rice by its barcode.
const RICE: &str = "6990000502014";

pub(super) async fn run(args: &Args) -> Result<ExitCode, Box<dyn Error>> {
    std::fs::create_dir_all(&args.data_dir)?;
    let folder = tempfile::Builder::new().prefix("headless-").tempdir_in(&args.data_dir)?;
    let mut chain = Chain::start(args, folder.path(), 0).await?;
    println!("The hub serves the sample chain at {}", chain.url);
    let shop = Shop::open(&folder.path().join("till-1"), &chain).await?;

    let mut sold = shop.sell().await?;
    println!("Sold three vegetables and a packet of rice for cash");
    chain.stop().await;
    shop.wait("to notice that the hub is gone", |view| {
        matches!(view.status.network, NetworkView::Offline { .. })
    })
    .await?;
    println!("The hub is stopped; the till says so and sells on");
    sold += shop.sell().await?;
    sold += shop.sell().await?;
    chain.restart().await?;
    println!("The hub is up again");
    let all = NetworkView::Online { received_to: 3, missing: 0 };
    shop.wait("to hear that the hub has every receipt", |view| view.status.network == all).await?;
    let date = shop.till.view().status.business_date.ok_or("the till has no business date")?;
    compare(&chain, &date, sold).await
}

struct Shop {
    till: Arc<Till>,
}

impl Shop {
    /// Enrols a new till and opens a shift.
    async fn open(folder: &Path, chain: &Chain) -> Result<Shop, Box<dyn Error>> {
        let shop = Shop { till: Arc::new(Till::start(StationConfig::new(folder))?) };
        shop.ask(Command::Enrol { hub_url: chain.url.clone(), code: chain.enrol_code.clone() }).await?;
        shop.wait("for the price list", |view| view.screen == Screen::SignIn).await?;
        shop.ask(Command::SignIn { staff: "1101".into(), pin: "3141".into(), relieve: false }).await?;
        shop.ask(Command::OpenShift { float_fen: 20_000 }).await?;
        println!("The till is enrolled, 1101 has signed in and opened a shift with a float of 200.00");
        Ok(shop)
    }

    /// Sells the vegetables and the rice for exact cash; gives what was paid, fen.
    async fn sell(&self) -> Result<i64, Box<dyn Error>> {
        for (code, grams) in VEGETABLES {
            let view = self.ask(Command::Enter { text: code.into() }).await?;
            if !matches!(view.prompt, Some(Prompt::Weigh { .. })) {
                return Err(format!("{code} is not asked for its weight").into());
            }
            self.ask(Command::TypeWeight { grams }).await?;
        }
        self.ask(Command::Scan { text: RICE.into() }).await?;
        let view =
            self.ask(Command::Tender { tender: "cash".into(), amount_fen: None, reference: None }).await?;
        let closed = view.closed.ok_or_else(|| format!("the sale did not close: {:?}", view.message))?;
        println!("  {}  {:>8}", closed.number, yuan(closed.due_fen));
        Ok(closed.due_fen)
    }

    /// A command off the runtime's threads: the till waits for its disk.
    async fn ask(&self, command: Command) -> Result<TillView, Box<dyn Error>> {
        let till = Arc::clone(&self.till);
        Ok(tokio::task::spawn_blocking(move || till.dispatch(command).view).await?)
    }

    async fn wait(&self, what: &str, is_so: impl Fn(&TillView) -> bool) -> Result<(), Box<dyn Error>> {
        let mut look = interval(LOOK);
        let waited = timeout(WAIT_MAX, async {
            while !is_so(&self.till.view()) {
                look.tick().await;
            }
        });
        waited.await.map_err(|_| {
            format!("the till waited in vain {what}: {:?}", self.till.view().status.network).into()
        })
    }
}

/// Compares the till's takings with HQ's report of the date.
async fn compare(chain: &Chain, date: &str, sold: i64) -> Result<ExitCode, Box<dyn Error>> {
    let url = format!("{}{}?site={SITE}&from={date}&to={date}", chain.url, paths::SALES_BY_DAY);
    let rows: serde_json::Value =
        reqwest::Client::new().get(url).bearer_auth(&chain.api_key).send().await?.json().await?;
    let at_hub = rows["rows"][0]["paid_fen"].as_i64().ok_or_else(|| format!("the hub's report is {rows}"))?;
    println!("Till {}   HQ {}", yuan(sold), yuan(at_hub));
    let are_equal = sold == at_hub;
    println!("{}", if are_equal { "Equal to the fen" } else { "THEY DIFFER" });
    Ok(if are_equal { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}
