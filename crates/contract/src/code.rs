//! The closed list of things a till can say, each with a stable code.

use serde::{Deserialize, Serialize};

/// How grave a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Calm: no sound.
    Info,
    /// Amber with a short tone; nothing is blocked.
    Warning,
    /// Vermilion with two falling tones; further scans are refused until 清除.
    Error,
}

macro_rules! codes {
    ($($variant:ident = $text:literal $level:ident),+ $(,)?) => {
        /// A message's code. `messages/` has its sentences for the cashier and for IT.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(test, derive(ts_rs::TS))]
        #[expect(missing_docs, reason = "the sentence in messages/ is the documentation, and a test proves it exists")]
        pub enum Code {
            $(#[serde(rename = $text)] $variant),+
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Code] = &[$(Code::$variant),+];

            /// The stable text, such as `POS-PRN-004`.
            pub fn text(self) -> &'static str {
                match self { $(Code::$variant => $text),+ }
            }

            /// How grave it is.
            pub fn level(self) -> Level {
                match self { $(Code::$variant => Level::$level),+ }
            }
        }
    };
}

// SCN scanning and codes · BSK basket · PAY tenders · REF refunds · SHF shift and day · ACC people · PRN printing
// SCL scale · LED ledger and disk · NET hub · REQ the request itself.
codes! {
    UnknownCode = "POS-SCN-001" Error,
    LabelCheckFailed = "POS-SCN-002" Error,
    PaymentCodeEarly = "POS-SCN-003" Error,
    SameLabelAgain = "POS-SCN-004" Warning,
    ScanTooLong = "POS-SCN-005" Error,
    ScanRefusedPending = "POS-SCN-006" Error,
    MultiplyOnLabel = "POS-SCN-007" Error,
    NoPrice = "POS-SCN-008" Error,
    ScanAfterTender = "POS-SCN-009" Error,
    ReceiptScanned = "POS-SCN-010" Warning,
    AgeCheck = "POS-SCN-011" Warning,
    LabelPriceDiffers = "POS-SCN-012" Warning,
    ScanWhileWeighing = "POS-SCN-013" Error,
    ScanWhileAsked = "POS-SCN-014" Error,
    Gs1Currency = "POS-SCN-015" Error,
    Gs1NotUnderstood = "POS-SCN-016" Error,
    LabelEmpty = "POS-SCN-017" Error,
    LabelMisfits = "POS-SCN-018" Error,
    LabelAmbiguous = "POS-SCN-019" Error,
    MultiplyOnWeighed = "POS-SCN-020" Error,
    ScanLeftOut = "POS-SCN-021" Warning,
    LabelFarOff = "POS-SCN-022" Warning,

    BasketFull = "POS-BSK-001" Error,
    BasketEmpty = "POS-BSK-002" Warning,
    LineGone = "POS-BSK-003" Warning,
    LabelFixed = "POS-BSK-004" Warning,
    QuantityInvalid = "POS-BSK-005" Warning,
    PriceInvalid = "POS-BSK-006" Warning,
    DiscountInvalid = "POS-BSK-007" Warning,
    BasketTendered = "POS-BSK-008" Warning,
    BasketRestored = "POS-BSK-009" Info,
    ParkFull = "POS-BSK-010" Warning,
    BasketOpen = "POS-BSK-011" Warning,
    Parked = "POS-BSK-012" Info,
    Recalled = "POS-BSK-013" Info,
    Voided = "POS-BSK-014" Info,
    LineRemoved = "POS-BSK-015" Info,
    DiscountDropped = "POS-BSK-016" Warning,
    LineUnlikely = "POS-BSK-017" Warning,
    NothingCharged = "POS-BSK-018" Warning,
    DiscountToNothing = "POS-BSK-019" Warning,
    DiscountOutgrown = "POS-BSK-020" Warning,

    AmountInvalid = "POS-PAY-001" Warning,
    TenderOverpays = "POS-PAY-002" Warning,
    ReferenceNeeded = "POS-PAY-003" Warning,
    UnknownTender = "POS-PAY-004" Warning,
    CashFarAbove = "POS-PAY-005" Warning,
    TenderTaken = "POS-PAY-006" Info,
    TendersCleared = "POS-PAY-007" Warning,
    PaymentCodeAsReference = "POS-PAY-008" Error,
    PaymentOpen = "POS-PAY-009" Warning,
    RestInCash = "POS-PAY-010" Warning,
    GoodsAsReference = "POS-PAY-011" Error,
    ReferenceUsed = "POS-PAY-012" Warning,
    ReferenceTwice = "POS-PAY-013" Warning,
    TendersReversed = "POS-PAY-014" Warning,
    TendersClearedBoth = "POS-PAY-015" Warning,
    ReferenceShort = "POS-PAY-016" Warning,

    ReceiptNotFound = "POS-REF-001" Warning,
    ReceiptFoundTwice = "POS-REF-002" Warning,
    RefundTooMuch = "POS-REF-003" Warning,
    RefundNothing = "POS-REF-004" Warning,
    RefundNeedsHub = "POS-REF-005" Warning,
    Refunded = "POS-REF-006" Info,
    RefundReservedElsewhere = "POS-REF-007" Warning,
    RefundOwnSaleCited = "POS-REF-008" Warning,
    RefundChanged = "POS-REF-009" Warning,
    RefundCitedAgain = "POS-REF-010" Warning,
    RefundedElsewhere = "POS-REF-011" Warning,
    CitedAbovePrice = "POS-REF-012" Warning,
    RefundHubGone = "POS-REF-013" Warning,
    RefundOwnNumber = "POS-REF-014" Warning,

    ShiftNotOpen = "POS-SHF-001" Warning,
    ShiftAlreadyOpen = "POS-SHF-002" Warning,
    ParkedBlocksClose = "POS-SHF-003" Warning,
    OlderShiftOpen = "POS-SHF-004" Warning,
    ClosedDate = "POS-SHF-005" Warning,
    CountInvalid = "POS-SHF-006" Warning,
    ShiftOpened = "POS-SHF-007" Info,
    ShiftClosed = "POS-SHF-008" Info,
    DayClosed = "POS-SHF-009" Info,
    ShiftOpenBlocksDay = "POS-SHF-010" Warning,
    CashMoved = "POS-SHF-011" Info,
    DropPrompt = "POS-SHF-012" Warning,
    Audited = "POS-SHF-013" Info,
    Relieved = "POS-SHF-014" Info,
    ClockBehind = "POS-SHF-015" Warning,
    BasketBlocksClose = "POS-SHF-016" Warning,
    ClockAhead = "POS-SHF-017" Warning,
    CloseCount = "POS-SHF-018" Warning,
    AuditCount = "POS-SHF-019" Warning,
    NothingCounted = "POS-SHF-020" Warning,
    CloseDayAsk = "POS-SHF-021" Warning,
    CashAmountOdd = "POS-SHF-022" Warning,
    FloatOdd = "POS-SHF-023" Warning,
    AuditDone = "POS-SHF-024" Info,
    CashExchanged = "POS-SHF-025" Info,
    FloatAdded = "POS-SHF-026" Info,
    CountApart = "POS-SHF-027" Warning,

    SignInWrong = "POS-ACC-001" Warning,
    LockedOut = "POS-ACC-002" Warning,
    NotAllowed = "POS-ACC-003" Warning,
    ApproverMustDiffer = "POS-ACC-004" Warning,
    LockoutLifted = "POS-ACC-005" Info,
    NotSignedIn = "POS-ACC-006" Warning,
    AlreadyEnrolled = "POS-ACC-007" Warning,
    EnrolFailed = "POS-ACC-008" Warning,
    NotEnrolled = "POS-ACC-009" Warning,
    CardUnknown = "POS-ACC-010" Warning,
    NotAllowedManager = "POS-ACC-011" Warning,
    IdentityDamaged = "POS-ACC-012" Error,

    PaperOut = "POS-PRN-001" Warning,
    PrinterOffline = "POS-PRN-002" Warning,
    PrinterUnknown = "POS-PRN-003" Warning,
    NotPrinted = "POS-PRN-004" Warning,
    PrintUncertain = "POS-PRN-005" Warning,
    NothingToPrint = "POS-PRN-006" Warning,
    Reprinting = "POS-PRN-007" Info,
    NoPrinter = "POS-PRN-008" Warning,
    DevicesSaved = "POS-PRN-009" Info,
    PrinterFileInFolder = "POS-PRN-010" Warning,
    PrinterFileRefused = "POS-PRN-011" Warning,
    DeviceRefused = "POS-PRN-012" Warning,
    PrinterBack = "POS-PRN-013" Info,
    SettingsDamaged = "POS-PRN-014" Warning,

    WeightInvalid = "POS-SCL-003" Warning,

    SaleSaved = "POS-LED-001" Warning,
    SaleNotSaved = "POS-LED-002" Error,
    DiskLow = "POS-LED-003" Warning,
    DiskFull = "POS-LED-004" Error,
    LedgerSalvaged = "POS-LED-005" Warning,
    LedgerTooNew = "POS-LED-006" Error,
    AlreadyRunning = "POS-LED-007" Error,
    LedgerFailed = "POS-LED-008" Error,
    CatalogueDamaged = "POS-LED-009" Warning,
    LedgerSalvaging = "POS-LED-010" Warning,
    LedgerWhole = "POS-LED-011" Info,
    StillToCome = "POS-LED-012" Warning,
    LedgerAnothers = "POS-LED-013" Warning,
    CatalogueAnothers = "POS-LED-014" Warning,
    FolderUnusable = "POS-LED-015" Error,

    UnsentAtClose = "POS-NET-001" Warning,
    HubNameUnknown = "POS-NET-011" Warning,
    HubPortClosed = "POS-NET-012" Warning,
    HubNoRoute = "POS-NET-013" Warning,
    HubSilent = "POS-NET-014" Warning,
    HubLineCut = "POS-NET-015" Warning,
    HubUntrusted = "POS-NET-016" Warning,
    HubCertificateOld = "POS-NET-017" Warning,
    HubCertificateEarly = "POS-NET-018" Warning,
    HubCertificateName = "POS-NET-019" Warning,
    HubTlsFailed = "POS-NET-020" Warning,
    HubFailed = "POS-NET-021" Warning,
    NotAHub = "POS-NET-022" Warning,
    HubSaidNo = "POS-NET-023" Warning,
    HubAddressWrong = "POS-NET-024" Warning,
    HubBusy = "POS-NET-025" Warning,

    BadRequest = "POS-REQ-001" Warning,
    NothingWaiting = "POS-REQ-002" Info,
    PromptOpen = "POS-REQ-003" Warning,
}
