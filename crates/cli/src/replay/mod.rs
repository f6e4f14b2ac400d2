//! `suanpan replay`: feeds a CSV of scanned lines through the same station code as the till.

mod baskets;
mod refusal;
mod rows;
mod table;

use std::path::PathBuf;

/// What to replay and where to.
#[derive(clap::Args)]
pub struct Args {
    /// Items: item_code,name,category_code,category,loss_percent.
    #[arg(long)]
    items: PathBuf,
    /// Scanned lines: date,time,item_code,qty_kg,unit_price_yuan_per_kg,kind,discounted.
    #[arg(long)]
    sales: PathBuf,
    /// The station's data folder; made when absent.
    #[arg(long)]
    data_dir: PathBuf,
    /// Address of a hub, or `embedded` for one inside this process.
    #[arg(long)]
    hub: String,
    /// One-time enrolment code for a hub at an address (not needed when the folder is enrolled already).
    #[arg(long, env = "SUANPAN_ENROL_CODE")]
    enrol_code: Option<String>,
    /// Documents a second, such as `50/s`; as fast as they commit without it.
    #[arg(long)]
    rate: Option<String>,
    /// Print one JSON object at the end.
    #[arg(long)]
    json: bool,
}

pub fn main(args: &Args) -> std::process::ExitCode {
    match rows::read_items(&args.items).and_then(|items| rows::read_sales(&args.sales, &items)) {
        Ok(rows) => {
            println!("{}", baskets::documents(&rows).len());
            std::process::ExitCode::SUCCESS
        }
        Err(refusal) => crate::refuse(&refusal),
    }
}
