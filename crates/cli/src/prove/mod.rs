//! `suanpan prove`: adds a day up again from the journal's own bytes, and says whether the tills, the hub's sums and its
//! reports agree, or the first place where they do not.

mod bytes;
mod figures;
mod hub;
mod outcome;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use suanpan_domain::calendar;
use suanpan_journal::SiteCode;
use suanpan_ledger::{Lock, Verification};
use suanpan_station::identity::Identity;

use self::bytes::{Broken, Journal};
use self::figures::Figures;
use self::hub::HubReader;
pub use self::hub::ProveFailure;
pub use self::outcome::{Disagreement, Outcome, Side};

/// The environment variable that holds the API key.
const KEY_VARIABLE: &str = "SUANPAN_API_KEY";

/// What to prove.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Address of the hub.
    #[arg(long)]
    pub hub: String,
    /// The site's code.
    #[arg(long)]
    pub site: SiteCode,
    /// Business date as yyyy-mm-dd: one that is over, or its figures move meanwhile.
    #[arg(long, value_parser = date)]
    pub date: u32,
    /// The data folder of a station of the site, to compare its ledger too. No station may be running on it.
    #[arg(long)]
    pub data_dir: Option<PathBuf>,
    /// File that holds an API key made with --journal. Without it the key is read from SUANPAN_API_KEY.
    #[arg(long)]
    pub api_key_file: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

fn date(text: &str) -> Result<u32, String> {
    calendar::parse(text).ok_or_else(|| "expected a date as yyyy-mm-dd".to_owned())
}

/// Proves a day. Exit code 0 only if everything agrees; 1 if not; 2 if it cannot be looked at.
pub fn main(args: &Args) -> ExitCode {
    match prove(args) {
        Err(why) => crate::refuse(&why),
        Ok(outcome) => {
            outcome.tell(args.json);
            if outcome.first.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
    }
}

/// Proves a day.
///
/// *Errors:* [`ProveFailure`]: then nothing is known of it.
pub fn prove(args: &Args) -> Result<Outcome, ProveFailure> {
    let key = api_key(args.api_key_file.as_deref())?;
    let own = args.data_dir.as_deref().map(Own::open).transpose()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|source| ProveFailure::File { path: "runtime".into(), source })?;
    runtime.block_on(run(args, HubReader::new(&args.hub, key)?, own))
}

fn api_key(file: Option<&Path>) -> Result<String, ProveFailure> {
    let text = match file {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|source| ProveFailure::File { path: path.display().to_string(), source })?,
        None => std::env::var(KEY_VARIABLE).map_err(|_| ProveFailure::NoKey)?,
    };
    Ok(text.trim().to_owned())
}

/// A station's folder, held for as long as it is looked at.
struct Own {
    identity: Identity,
    lock: Lock,
    found: Verification,
}

impl Own {
    fn open(dir: &Path) -> Result<Own, ProveFailure> {
        let not_enrolled = || ProveFailure::NotEnrolled(dir.display().to_string());
        let identity = Identity::load(dir)?.ok_or_else(not_enrolled)?;
        let lock = Lock::acquire(dir)?;
        let found = suanpan_ledger::verify(&lock, identity.station())?;
        Ok(Own { identity, lock, found })
    }

    /// Its ledger's figures of a date.
    fn figures(&self, date: u32) -> Figures {
        let days = self.found.days.iter().filter(|(day, _)| *day == date);
        Figures::of(days.flat_map(|(_, postings)| postings))
    }
}

async fn run(args: &Args, hub: HubReader, own: Option<Own>) -> Result<Outcome, ProveFailure> {
    let stations = hub.stations(&args.site).await?;
    let mut journal = Journal::new(args.date, &stations);
    if let Some(own) = &own {
        let known = stations.iter().find(|it| it.station == own.identity.station());
        let known = known.ok_or_else(|| ProveFailure::OtherSite(args.site.to_string()))?;
        // What the folder's key signed, and nobody else's.
        journal.trust(known.station, own.identity.key.public());
    }
    let mut outcome = Outcome::new(&args.site, args.date);
    let mut after = None;
    loop {
        let (batches, next) = hub.page(&args.site, args.date, after.as_deref()).await?;
        for batch in &batches {
            if let Err(broken) = journal.take(batch) {
                outcome.first = Some(Disagreement::in_journal(pinpoint(&broken, own.as_ref())));
                return Ok(outcome);
            }
        }
        after = next;
        if after.is_none() {
            break;
        }
    }
    outcome.first = match journal.end() {
        Some(broken) => Some(Disagreement::in_journal(broken)),
        None => compare(args, &hub, &journal, own.as_ref(), &mut outcome).await?,
    };
    let is_hubs = outcome.first.as_ref().is_some_and(|it| matches!(it.side, Side::Hub | Side::Report));
    if is_hubs {
        hub.is_settled()?;
        // What was held or accepted meanwhile is on one side only.
        if hub.stations(&args.site).await? != stations {
            return Err(ProveFailure::Moving);
        }
    }
    outcome.of(&journal);
    Ok(outcome)
}

/// Says which entry of a run it is, if the station's own ledger can tell.
fn pinpoint(broken: &Broken, own: Option<&Own>) -> Broken {
    let mut broken = broken.clone();
    let Some(own) = own.filter(|own| own.identity.station() == broken.station) else { return broken };
    let Ok(written) = suanpan_ledger::hashes(&own.lock, broken.segment) else { return broken };
    let changed = broken.hashes.iter().find(|(seq, hash)| written.get(seq) != Some(hash));
    if let Some((seq, _)) = changed {
        (broken.from_seq, broken.to_seq) = (*seq, *seq);
        broken.what = "is not what the station wrote".to_owned();
    }
    broken
}

async fn compare(
    args: &Args,
    hub: &HubReader,
    journal: &Journal,
    own: Option<&Own>,
    outcome: &mut Outcome,
) -> Result<Option<Disagreement>, ProveFailure> {
    for (station, of) in journal.stations() {
        if let Some(recorded) = of.recorded() {
            outcome.closed.insert(of.till);
            if let Some(found) = of.written.differs_from(&recorded.fields()) {
                return Ok(Some(Disagreement::at(Side::Till, of.till, Some(*station), found)));
            }
        }
        if let Some(own) = own.filter(|own| own.identity.station() == *station)
            && let Some(found) = of.written.differs(&own.figures(args.date))
        {
            return Ok(Some(Disagreement::at(Side::Till, of.till, Some(*station), found)));
        }
    }
    let at_hub = hub.totals(&args.site, args.date).await?;
    for (till, figures) in journal.by_till(at_hub.keys()) {
        let has = at_hub.get(&till).cloned().unwrap_or_default();
        if let Some(found) = figures.differs(&has) {
            return Ok(Some(Disagreement::at(Side::Hub, till, None, found)));
        }
    }
    let all = journal.figures();
    let (day, items, version) = hub.reports(&args.site, args.date).await?;
    let found = all.differs_from_day(&day).or_else(|| all.items().differs(&items));
    let found = found.or_else(|| {
        let (number, published) = version?;
        outcome.version = number;
        all.differs_from(&published)
    });
    Ok(found.map(Disagreement::at_report))
}
