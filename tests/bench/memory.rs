//! Memory of a program and everything it started.

use std::fs::read_to_string;

/// Megabytes of a process and its descendants: proportional set size, so that a page they share counts once.
pub(crate) fn of_tree(root: u32) -> f64 {
    let mut tree = vec![root];
    let mut looked = 0;
    while let Some(parent) = tree.get(looked).copied() {
        looked += 1;
        tree.extend(children(parent));
    }
    tree.into_iter().map(kilobytes).sum::<u64>() as f64 / 1024.0
}

fn children(parent: u32) -> Vec<u32> {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{parent}/task")) else { return vec![] };
    let lists = threads.flatten().filter_map(|thread| read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>())
        .collect()
}

fn kilobytes(process: u32) -> u64 {
    let rollup = read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
    let pss = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    pss.and_then(|pss| pss.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
