//! Tables of level 0 that do not overlap are a sorted run.

use std::collections::VecDeque;

use crate::db_state::{SsTableInfo, SsTableView};

/// The runs of level 0, newest first: all tables in key order if they do not overlap, else one run for each.
pub(super) fn runs(level0: &VecDeque<SsTableView>) -> Vec<Vec<&SsTableView>> {
    let mut sorted: Vec<_> = level0.iter().collect();
    sorted.sort_by(|a, b| info(a).first_entry.cmp(&info(b).first_entry));
    // Tables without bounds never count as apart.
    let are_apart = |a: &SsTableInfo, b: &SsTableInfo| a.last_entry.is_some() && a.last_entry < b.first_entry;
    match sorted.windows(2).all(|pair| are_apart(info(pair[0]), info(pair[1]))) {
        true if !sorted.is_empty() => vec![sorted],
        _ => level0.iter().map(|view| vec![view]).collect(),
    }
}

fn info(view: &SsTableView) -> &SsTableInfo {
    &view.sst.info
}
