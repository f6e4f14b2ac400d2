//! What a warehouse desk waits for.

use serde::{Deserialize, Serialize};

use crate::{ApproveAction, ApproveView, Code};

/// What the station waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "wms/"))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Prompt {
    /// A question.
    Confirm {
        /// Its sentence.
        code: Code,
        /// Values of the sentence.
        args: std::collections::BTreeMap<String, String>,
    },
    /// A supervisor's or manager's card or PIN is wanted.
    Approve {
        /// What is to be approved.
        action: ApproveAction,
        /// A manager, not just a supervisor.
        needs_manager: bool,
        /// What exactly, and why a person does not decide it alone.
        about: Box<ApproveView>,
    },
}
