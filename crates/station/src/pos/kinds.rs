//! A till as a role: what it names.

use suanpan_contract::pos::{Command, Found};

use super::counter::{Counter, Question};
use super::known::Known;
use super::told::Answer;
use crate::kinds::{Given, Kinds};

/// The hub may let a receipt go that it kept for this till.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LetGo(pub(crate) String);

/// The till.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pos;

pub(crate) type Asked = crate::desk::Asked<Pos>;
pub(crate) type Core = crate::core::Core<Pos>;
pub(crate) type Desk = crate::desk::Desk<Pos>;
pub(crate) type Done = crate::turn::Done<Pos>;
pub(crate) type Shop = crate::shop::Shop<Pos>;
pub(crate) type Stop = crate::turn::Stop<Pos>;
pub(crate) type Turn<'a> = crate::turn::Turn<'a, Pos>;

impl Kinds for Pos {
    type Command = Command;
    type Found = Found;
    type Desk = Counter;
    type Question = Question;
    type Shop = Known;
    /// The number of a receipt.
    type Errand = String;
    type Answer = Answer;
    type Order = LetGo;
}

impl From<Given> for Found {
    fn from(given: Given) -> Found {
        match given {
            Given::Devices(devices) => Found::Devices { devices },
            Given::MayQuit => Found::MayQuit,
        }
    }
}
