use std::path::PathBuf;

/// The most documents a second that can be asked for: more than a disk commits.
const RATE_MAX: u32 = 100_000;

/// What to replay and where to.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Items: item_code,name,category_code,category,loss_percent.
    #[arg(long)]
    pub items: PathBuf,
    /// Scanned lines: date,time,item_code,qty_kg,unit_price_yuan_per_kg,kind,discounted.
    #[arg(long)]
    pub sales: PathBuf,
    /// The station's data folder; made when absent.
    #[arg(long)]
    pub data_dir: PathBuf,
    /// Address of a hub, or `embedded` for one inside this process.
    #[arg(long)]
    pub hub: String,
    /// One-time enrolment code for a hub at an address (not needed when the folder is enrolled already).
    #[arg(long, env = "SUANPAN_ENROL_CODE")]
    pub enrol_code: Option<String>,
    /// Documents a second, such as `50/s`; as fast as they commit without it.
    #[arg(long, value_parser = rate)]
    pub rate: Option<u32>,
    /// Print one JSON object at the end.
    #[arg(long)]
    pub json: bool,
}

fn rate(text: &str) -> Result<u32, String> {
    let number = text.strip_suffix("/s").and_then(|number| number.parse().ok());
    let in_range = number.filter(|number| (1..=RATE_MAX).contains(number));
    in_range.ok_or_else(|| format!("expected documents a second as 50/s, from 1 to {RATE_MAX}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_documents_a_second() {
        assert_eq!(rate("50/s"), Ok(50));
        for bad in ["50", "0/s", "-1/s", "1.5/s", "/s", "100001/s", "50/min"] {
            assert!(rate(bad).is_err(), "{bad}");
        }
    }
}
