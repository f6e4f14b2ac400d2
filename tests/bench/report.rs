//! The figures: a table on stderr and one JSON object in a file.

use std::path::Path;

use serde_json::{Value, json};

/// One figure.
pub(crate) struct Bench {
    name: &'static str,
    value: f64,
    unit: &'static str,
    goal: Option<f64>,
    ratio: f64,
    ratio_to: &'static str,
}

impl Bench {
    /// A figure whose limit is its goal.
    pub(crate) fn against_goal(name: &'static str, value: f64, unit: &'static str, goal: f64) -> Bench {
        Bench { name, value, unit, goal: Some(goal), ratio: value / goal, ratio_to: "goal" }
    }

    /// A figure with a goal, beside a peer of the same run.
    pub(crate) fn beside(
        name: &'static str,
        value: f64,
        unit: &'static str,
        goal: f64,
        ratio: f64,
        ratio_to: &'static str,
    ) -> Bench {
        Bench { name, value, unit, goal: Some(goal), ratio, ratio_to }
    }

    /// A figure that is a ratio to something measured in the same run.
    pub(crate) fn ratio(name: &'static str, value: f64, goal: f64, ratio_to: &'static str) -> Bench {
        Bench { name, value, unit: "ratio", goal: Some(goal), ratio: value, ratio_to }
    }

    /// A figure that is stated, beside a peer of the same run.
    pub(crate) fn stated(
        name: &'static str,
        value: f64,
        unit: &'static str,
        ratio: f64,
        ratio_to: &'static str,
    ) -> Bench {
        Bench { name, value, unit, goal: None, ratio, ratio_to }
    }

    fn json(&self) -> Value {
        let Bench { name, value, unit, goal, ratio, ratio_to } = self;
        json!({"name": name, "value": value, "unit": unit, "goal": goal, "ratio": ratio, "ratio_to": ratio_to})
    }
}

/// The figures of a run.
pub(crate) struct Report {
    only: Vec<String>,
    benches: Vec<Bench>,
}

impl Report {
    pub(crate) fn new(only: Vec<String>) -> Report {
        Report { only, benches: vec![] }
    }

    /// Runs a group unless only others were asked for.
    pub(crate) fn measure(&mut self, group: &str, run: impl FnOnce() -> Vec<Bench>) {
        if !self.only.is_empty() && !self.only.iter().any(|only| only == group) {
            return;
        }
        eprintln!("{group}");
        for bench in run() {
            let goal = bench.goal.map_or(String::new(), |goal| format!("goal {goal}"));
            eprintln!(
                "  {:<24} {:>10.3} {:<6} {goal:<12} {:.2} × {}",
                bench.name, bench.value, bench.unit, bench.ratio, bench.ratio_to
            );
            self.benches.push(bench);
        }
    }

    /// Writes the JSON.
    pub(crate) fn finish(self, file: Option<&Path>) -> std::io::Result<()> {
        let benches: Vec<Value> = self.benches.iter().map(Bench::json).collect();
        let text = serde_json::to_string_pretty(&json!({ "benches": benches }))?;
        match file {
            Some(file) => std::fs::write(file, text + "\n"),
            None => Ok(()),
        }
    }
}

/// The nth percentile by nearest rank.
pub(crate) fn percentile(samples: &[f64], nth: usize) -> f64 {
    let mut samples = samples.to_vec();
    samples.sort_unstable_by(f64::total_cmp);
    let rank = (samples.len() * nth).div_ceil(100).max(1);
    samples.get(rank - 1).copied().unwrap_or(f64::NAN)
}
