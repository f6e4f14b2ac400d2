//! The till as its hosts see it, and what it does at a station.

use suanpan_contract::pos::{Command, Reply, TillView};
use suanpan_contract::{Code, PrintView};
use suanpan_domain::catalogue::Item;
use suanpan_domain::entry::Entry;
use suanpan_domain::ids::Id;
use suanpan_domain::receipt::Block;
use suanpan_domain::sale::Basket;
use suanpan_ledger::{OpenBasket, OpenError, QueryError, Shift, Written};

use super::counter::{Counter, Question};
use super::kinds::{Core, Done, LetGo, Pos, Shop, Turn};
use super::known::Known;
use super::perform::{answers, ended, perform, plain, rings};
use super::shop::numbered;
use super::told::Answer;
use super::trade::{Keys, Trade};
use super::{closed, hub_word, paper, picture, sign_in, weigh};
use crate::decide::Answered;
use crate::people;
use crate::role::{Basic, Role, Unenrolled};
use crate::say::Say;
use crate::start::{StartError, StationConfig};
use crate::station::Station;
use crate::sync::{Driver, Hub};

/// A till that wrote nothing for so long has no queue before it, also in a shop that sells through the night.
const REST_MS: i64 = 30 * 60_000;

/// A running till. Dropping it stops it; the open basket stays for the next start.
pub struct Till(Station<Pos>);

impl Till {
    /// Opens the folder and is ready to sell: restores the open basket, starts devices and the hub's driver, and
    /// builds the search index meanwhile.
    ///
    /// *Errors:* [`StartError`]; another process at work in the folder, a ledger of a newer version.
    pub fn start(config: StationConfig) -> Result<Till, StartError> {
        Station::start(config).map(Till)
    }

    /// Carries a command out and gives the picture after it. Waits for the disk and a PIN's hash, never for printer or
    /// scale; [`Command::Enrol`] and what asks for a receipt before it is refunded wait for the hub, while others may go
    /// on with the till. Call it off the window's own thread.
    pub fn dispatch(&self, command: Command) -> Reply {
        let (Answered { outcome, found, did }, view) = self.0.dispatch(&command);
        Reply { view, found, outcome, ended: did.as_ref().and_then(ended) }
    }

    /// The picture as it is now.
    pub fn view(&self) -> TillView {
        self.0.view()
    }

    /// Returns when the disk has what was rung, which the till's own thread sees to by itself within a moment.
    pub fn settle(&self) {
        self.0.settle();
    }

    /// Returns when everything that could be read of a damaged ledger is there, which the till's own thread sees to while
    /// it sells: for a host that depends on all entries.
    ///
    /// *Errors:* the first of the ledger's; the till sells on.
    pub fn salvage(&self) -> Result<(), OpenError> {
        self.0.salvage()
    }

    /// Looks after printer, disk, journal and an overnight shift, as the till does by itself every ten quiet seconds: for a host
    /// whose clock does not run by itself.
    pub fn look_after(&self) {
        self.0.look_after();
    }

    /// Calls back with every picture that no command of this host brought about: print outcomes, weights, news from
    /// the hub. Called from the till's own thread; must not wait and must not call the till.
    pub fn on_change(&self, listener: impl Fn(&TillView) + Send + 'static) {
        self.0.on_change(listener);
    }

    /// Works with the till, if it is enrolled.
    pub(crate) fn act<T>(&self, work: impl FnOnce(&mut Core) -> T) -> Option<T> {
        self.0.act(work).map(|(done, _)| done)
    }

    /// Asks the hub's driver; `None` for a till without a hub.
    pub(crate) fn ask_driver<T>(&self, question: impl FnOnce(&Driver) -> T) -> Option<T> {
        self.0.ask_driver(question)
    }
}

impl Role for Pos {
    type View = TillView;
    /// The open shift.
    type Before = Option<Shift>;

    fn basic(command: &Command) -> Basic<'_> {
        match command {
            Command::View => Basic::View,
            Command::Clear => Basic::Clear,
            Command::Quit => Basic::Quit,
            Command::SetLanguage { language } => Basic::SetLanguage(*language),
            Command::Enrol { hub_url, code } => Basic::Enrol { hub_url, code },
            _ => Basic::Other,
        }
    }

    fn perform(turn: &mut Turn<'_>, command: &Command) -> Done {
        perform(turn, command)
    }

    fn carry_out(turn: &mut Turn<'_>, command: &Command) -> Done {
        plain(turn, command)
    }

    fn confirmed(turn: &mut Turn<'_>, question: Question) -> Done {
        match question {
            Question::Relieve { person } => sign_in::take_over(turn, person),
            Question::Weigh { .. } | Question::Choose { .. } | Question::Reference { .. } => {
                Err(Code::NothingWaiting.into())
            }
        }
    }

    fn keeps_message(command: Option<&Command>, found: bool) -> bool {
        match command {
            None | Some(Command::View | Command::RefundLeave) => true,
            // A receipt that is opened or found leaves no sentence about the one before it.
            Some(Command::RefundLookup { .. } | Command::FindDocuments { .. }) => false,
            Some(_) => found,
        }
    }

    fn gives_up(command: &Command) -> bool {
        rings(command) && !answers(command)
    }

    fn declined(turn: &mut Turn<'_>, say: &Say) {
        if say.code == Code::CountApart {
            turn.desk.counted_again = turn.shop.shift.as_ref().map(|shift| shift.id);
        }
    }

    fn forget_typed_ahead(counter: &mut Counter) {
        counter.forget_typed_ahead();
    }

    fn takes_typed_ahead(command: &Command) -> bool {
        rings(command)
    }

    fn locked(turn: &mut Turn<'_>) {
        turn.desk.closed = None;
        turn.desk.forget_typed_ahead();
        turn.leave_refund();
    }

    fn ask(number: String, hub: Option<&Hub>) -> Answer {
        hub_word::ask(number, hub)
    }

    fn tell(LetGo(number): LetGo, hub: &Hub) {
        hub.release_refund(number);
    }

    fn remember(known: &mut Known, answer: &Answer) {
        known.told.remember(answer);
    }

    fn is_busy(counter: &Counter) -> bool {
        counter.has_lines()
    }

    fn is_same_work(before: &Counter, after: &Counter) -> bool {
        before.basket == after.basket
    }

    fn is_money(before: &Counter, after: &Counter) -> bool {
        (before.is_tendered() || after.is_tendered()) && before.basket != after.basket
    }

    fn work(counter: &Counter) -> Option<Vec<u8>> {
        counter.basket.as_ref().map(|basket| serde_json::to_vec(basket).unwrap_or_default())
    }

    fn restore(core: &mut Core, bytes: &[u8]) {
        match serde_json::from_slice::<Basket>(bytes) {
            Ok(basket) if !basket.is_empty() => {
                core.tell(&Say::new(Code::BasketRestored).with("lines", basket.lines.len()));
                core.desk.selected = basket.lines.last().map(|line| line.id);
                core.desk.priced_at_ms = Some(core.shop.pricing_time(basket.opened_at_ms));
                core.desk.basket = Some(basket);
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(error.what = %error, "till.basket_unreadable");
                if let Err(error) = core.shop.ledger.save_basket(OpenBasket::Clear) {
                    tracing::warn!(error.code = error.code(), "till.basket_not_cleared");
                }
            }
        }
    }

    fn resume(core: &mut Core) {
        closed::show_again(core);
    }

    fn reread(shop: &mut Shop, documents: Option<&[Written]>) -> Result<(), QueryError> {
        let is_document = |document: &Written| Pos::document_id(&document.entry).is_some();
        match documents.is_some_and(|documents| documents.iter().all(is_document)) {
            true => shop.reread_documents(),
            false => shop.reread(),
        }
    }

    fn committed(core: &mut Core, documents: &[Written]) {
        core.number_closed(documents);
        core.ask_for_drop(documents);
    }

    fn journal_date(shop: &Shop, now_ms: i64) -> u32 {
        shop.journal_date(now_ms)
    }

    fn document_id(entry: &Entry) -> Option<Id> {
        match entry {
            Entry::Sale(sale) => Some(sale.id),
            Entry::Refund(refund) => Some(refund.id),
            _ => None,
        }
    }

    const SAVED_ANEW: (Code, Code) = (Code::SaleSaved, Code::SaleNotSaved);

    fn last_number(shop: &Shop) -> Result<u32, QueryError> {
        let Some(shift) = &shop.shift else { return Ok(0) };
        Ok(shop.ledger.next_number(shift.business_date)?.saturating_sub(1))
    }

    fn number(entry: &Entry) -> u32 {
        numbered(entry).unwrap_or(0)
    }

    fn prints(entry: &Entry) -> Option<Id> {
        paper::prints(entry)
    }

    fn before(shop: &Shop) -> Option<Shift> {
        shop.shift.clone()
    }

    fn paper(shop: &Shop, document: &Written, copy: u16, shift: &Option<Shift>) -> Vec<Block> {
        paper::paper(shop, document, copy, shift.as_ref(), None)
    }

    fn last_print(shop: &Shop) -> Option<(Id, PrintView)> {
        let last = shop.last.as_ref()?;
        Some((last.document.parse().ok()?, last.print))
    }

    fn read_catalogue(shop: &mut Shop, at_ms: i64) -> Result<(), QueryError> {
        shop.trade = Trade::read(&shop.catalogue, at_ms)?;
        shop.keys = Keys::read(shop, at_ms);
        Ok(())
    }

    fn keeps(item: &Item) -> bool {
        item.bag
    }

    fn kept(core: &mut Core, bags: Vec<Item>) {
        core.shop.bags = bags;
        core.shop.keys = Keys::read(&core.shop, core.clock.now_ms());
    }

    fn weighed(core: &mut Core) -> bool {
        let waits = matches!(core.desk.own_question(), Some(Question::Weigh { .. }));
        let settled = waits && core.shop.scale.settled().is_some();
        if settled {
            core.turn(weigh::settled);
        }
        settled
    }

    /// Locks a till that was left signed in past its shift's date: whoever signs in next closes that shift first.
    fn look_after(core: &mut Core) -> bool {
        let now_ms = core.clock.now_ms();
        let rests = !core.desk.has_lines() && now_ms.saturating_sub(core.shop.last_at_ms) >= REST_MS;
        let locks = core.desk.person.is_some() && rests && core.shop.shift_is_old(now_ms);
        // Whoever signed in to an older shift is about to close it.
        if !locks || core.desk.shift_is_old {
            return false;
        }
        core.turn(people::lock);
        if !core.desk.has_error() {
            core.desk.message = None;
        }
        true
    }

    fn view(core: &Core) -> TillView {
        core.view()
    }

    fn unenrolled(machine: Unenrolled) -> TillView {
        picture::unenrolled(machine)
    }
}
