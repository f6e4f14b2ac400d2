//! A till without a screen that rings what a file says: the same baskets, settlement, commit and upload as a cashier's.
