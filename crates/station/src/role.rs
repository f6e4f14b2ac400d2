//! What a role does at a station: its commands, its papers, its picture, and what it keeps of a desk that is not committed.
//!
//! Everything else is the same at a till and at a warehouse's desk: who is there, questions and approvals, how a decision
//! becomes entries, printer, scale, items and prices, and the way to the hub.

use suanpan_contract::{Code, Language, MessageView, PrintView};
use suanpan_domain::catalogue::Item;
use suanpan_domain::entry::Entry;
use suanpan_domain::ids::Id;
use suanpan_domain::receipt::Block;
use suanpan_ledger::{QueryError, Written};

use crate::core::Core;
use crate::kinds::Kinds;
use crate::say::Say;
use crate::shop::Shop;
use crate::sync::Hub;
use crate::turn::{Done, Turn};

/// What every station can be asked, enrolled or not.
pub(crate) enum Basic<'a> {
    View,
    Clear,
    Quit,
    SetLanguage(Language),
    Enrol {
        hub_url: &'a str,
        code: &'a str,
    },
    /// Something for a station that is enrolled.
    Other,
}

/// How a machine looks before it is a station.
#[derive(Default)]
pub(crate) struct Unenrolled {
    pub(crate) revision: u64,
    pub(crate) now_ms: i64,
    pub(crate) language: Language,
    pub(crate) message: Option<MessageView>,
}

/// See the module. What a role has nothing of, it leaves as it is here.
pub(crate) trait Role: Kinds {
    /// Its whole picture.
    type View: Send;
    /// What a paper tells of the time before its entry.
    type Before: Default;

    // Commands.

    fn basic(command: &Self::Command) -> Basic<'_>;

    /// Decides a command, whatever is waited for.
    fn perform(turn: &mut Turn<'_, Self>, command: &Self::Command) -> Done<Self>;

    /// Decides a command that nothing stands in the way of.
    fn carry_out(turn: &mut Turn<'_, Self>, command: &Self::Command) -> Done<Self>;

    /// The answer yes to a question of its own.
    fn confirmed(turn: &mut Turn<'_, Self>, question: Self::Question) -> Done<Self>;

    /// Whether the sentence on the screen stays after a command that said nothing.
    fn keeps_message(command: Option<&Self::Command>, found: bool) -> bool;

    /// A question about the command was cleared: whether what lay beneath it is given up too.
    fn gives_up(_command: &Self::Command) -> bool {
        false
    }

    /// A question was answered with no.
    fn declined(_turn: &mut Turn<'_, Self>, _say: &Say) {}

    /// Nothing is waited for any more, or a command was refused: what was typed ahead is forgotten.
    fn forget_typed_ahead(_desk: &mut Self::Desk) {}

    /// Whether a refusal takes with it what was typed ahead.
    fn takes_typed_ahead(_command: &Self::Command) -> bool {
        false
    }

    /// Whoever was there has left.
    fn locked(_turn: &mut Turn<'_, Self>) {}

    // The hub.

    /// Asks the hub, without the station's mutex; `None` for a station that has none.
    fn ask(errand: Self::Errand, hub: Option<&Hub>) -> Self::Answer;

    /// Tells the hub something that nobody waits for.
    fn tell(order: Self::Order, hub: &Hub);

    /// Keeps what the hub said.
    fn remember(shop: &mut Self::Shop, answer: &Self::Answer);

    // What is not committed yet.

    /// True while something is being rung, weighed or put together: no price and no housekeeping comes between.
    fn is_busy(_desk: &Self::Desk) -> bool {
        false
    }

    fn is_same_work(_before: &Self::Desk, _after: &Self::Desk) -> bool {
        true
    }

    /// Whether a change of it must be on the disk before it is on the screen.
    fn is_money(_before: &Self::Desk, _after: &Self::Desk) -> bool {
        false
    }

    /// It, for the ledger's slot.
    fn work(_desk: &Self::Desk) -> Option<Vec<u8>> {
        None
    }

    /// Nothing was in hand when the station stopped.
    fn resume(_core: &mut Core<Self>) {}

    /// Brings it back at a start.
    fn restore(_core: &mut Core<Self>, _bytes: &[u8]) {}

    // What is committed.

    /// Reads again what commits may have changed; `None`: whatever it may have been.
    fn reread(shop: &mut Shop<Self>, _documents: Option<&[Written]>) -> Result<(), QueryError> {
        shop.jobs = shop.ledger.print_jobs()?;
        Ok(())
    }

    /// After a commit and its papers.
    fn committed(_core: &mut Core<Self>, _documents: &[Written]) {}

    /// The date of entries that name none.
    fn journal_date(shop: &Shop<Self>, now_ms: i64) -> u32;

    /// The id of an entry that is a document by itself.
    fn document_id(_entry: &Entry) -> Option<Id> {
        None
    }

    /// What is said when a ledger was replaced under a document that is saved, and under one that is not.
    const SAVED_ANEW: (Code, Code) = (Code::SaleSaved, Code::SaleNotSaved);

    /// The number of the newest document, as the hub is told it.
    fn last_number(_shop: &Shop<Self>) -> Result<u32, QueryError> {
        Ok(0)
    }

    /// The printed number of a document; 0 for others.
    fn number(_entry: &Entry) -> u32 {
        0
    }

    // Papers.

    /// What an entry's paper is known by; `None` when it prints none.
    fn prints(_entry: &Entry) -> Option<Id> {
        None
    }

    fn before(_shop: &Shop<Self>) -> Self::Before {
        Self::Before::default()
    }

    fn paper(_shop: &Shop<Self>, _document: &Written, _copy: u16, _before: &Self::Before) -> Vec<Block> {
        vec![]
    }

    /// How the newest document's paper stands.
    fn last_print(_shop: &Shop<Self>) -> Option<(Id, PrintView)> {
        None
    }

    // The catalogue.

    /// Reads what is kept of it in memory again.
    fn read_catalogue(_shop: &mut Shop<Self>, _at_ms: i64) -> Result<(), QueryError> {
        Ok(())
    }

    /// Whether an item is kept in memory beside the search.
    fn keeps(_item: &Item) -> bool {
        false
    }

    /// Takes the items to keep.
    fn kept(_core: &mut Core<Self>, _items: Vec<Item>) {}

    // Beside the commands.

    /// The scale settled on another weight; true when the picture changed.
    fn weighed(_core: &mut Core<Self>) -> bool {
        false
    }

    /// Looks after what nobody does; true when the picture changed.
    fn look_after(_core: &mut Core<Self>) -> bool {
        false
    }

    // The picture.

    fn view(core: &Core<Self>) -> Self::View;

    fn unenrolled(machine: Unenrolled) -> Self::View;
}
