use suanpan_journal::SigningKey;

thread_local!(pub(crate) static HUB_KEY: SigningKey = SigningKey::from_seed(&[2; 32]));
