//! The desktop shell: window, commands, dialogs, printing, key store. No rules, no SQL.
