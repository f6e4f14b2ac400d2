//! A warehouse desk as a role: what it names.

use std::convert::Infallible;

use suanpan_contract::wms::{Command, Found};

use crate::kinds::{Given, Kinds};

/// The warehouse's desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wms;

pub(crate) type Asked = crate::desk::Asked<Wms>;
pub(crate) type Core = crate::core::Core<Wms>;
pub(crate) type Done = crate::turn::Done<Wms>;
pub(crate) type Shop = crate::shop::Shop<Wms>;
pub(crate) type Turn<'a> = crate::turn::Turn<'a, Wms>;

impl Kinds for Wms {
    type Command = Command;
    type Found = Found;
    type Desk = ();
    type Question = Infallible;
    type Shop = ();
    type Errand = Infallible;
    type Answer = Infallible;
    type Order = Infallible;
}

impl From<Given> for Found {
    fn from(given: Given) -> Found {
        match given {
            Given::Devices(devices) => Found::Devices { devices },
            Given::MayQuit => Found::MayQuit,
        }
    }
}
