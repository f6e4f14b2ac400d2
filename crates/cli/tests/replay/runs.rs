//! The command as a script runs it, and what it must have printed.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::data::Week;

/// `suanpan replay` of a week into a folder.
pub fn command(week: &Week, dir: &Path, hub: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_suanpan"));
    command.env_remove("SUANPAN_ENROL_CODE").args(["replay", "--json", "--hub", hub]);
    command.arg("--items").arg(&week.items).arg("--sales").arg(&week.sales).arg("--data-dir").arg(dir);
    command
}

/// Runs to the end and gives exit code, printed object and what was said.
pub fn run(command: &mut Command) -> (Option<i32>, Value, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let said = String::from_utf8_lossy(&stderr).into_owned();
    (status.code(), serde_json::from_slice(&stdout).unwrap_or(Value::Null), said)
}

/// Runs to the end, which must be exact on both sides.
pub fn run_exact(week: &Week, command: &mut Command) -> Value {
    let (code, printed, said) = run(command);
    assert_eq!(code, Some(0), "{said} {printed}");
    assert_eq!(said, "", "nothing but the object is printed when nobody looks on");
    check_exact(week, &printed);
    printed
}

/// The printed figures are the week's, and the hub's are the same.
pub fn check_exact(week: &Week, printed: &Value) {
    assert_eq!(days(printed), week.days.clone().into_iter().collect::<Vec<_>>());
    for side in [printed, &printed["hub"]] {
        assert_eq!(figures(side), week.total(), "{printed}");
    }
    assert_eq!(printed["hub"]["sales"], printed["sales"]);
    assert_eq!(printed["hub"]["missing"], 0, "{printed}");
}

/// The ledger proves itself whole and sums to the week; gives its number of entries.
pub fn verify(week: &Week, dir: &Path) -> u64 {
    let mut command = Command::new(env!("CARGO_BIN_EXE_suanpan"));
    let (code, printed, said) = run(command.args(["verify", "--json", "--data-dir"]).arg(dir));
    assert_eq!((code, &printed["whole"]), (Some(0), &Value::Bool(true)), "{said} {printed}");
    assert_eq!(days(&printed), week.days.clone().into_iter().collect::<Vec<_>>());
    printed["entries"].as_u64().unwrap()
}

fn days(printed: &Value) -> Vec<(String, (i64, i64, i64))> {
    let rows = printed["days"].as_array().unwrap().iter();
    rows.map(|row| (row["date"].as_str().unwrap().to_owned(), figures(row))).collect()
}

fn figures(row: &Value) -> (i64, i64, i64) {
    let number = |name: &str| row[name].as_i64().unwrap();
    (number("lines"), number("grams"), number("amount_fen"))
}
