//! What all encoders have: a label, debug groups, and an end.

/// Methods and traits that are the same for every encoder: a structure with the fields `command_buffer`, `label`,
/// `commands`, `debug_groups` and `ended`.
macro_rules! encoder {
    ($encoder:ident, $command:ident, $name:literal) => {
        impl $encoder {
            /// The command buffer it writes to.
            pub fn command_buffer(&self) -> &CommandBuffer {
                &self.command_buffer
            }

            /// The label; empty if none was set.
            pub fn label(&self) -> &str {
                &self.label
            }

            /// Sets a label, by which errors then name the encoder.
            #[doc(alias = "setLabel:")]
            pub fn set_label(&mut self, label: impl Into<String>) {
                self.label = label.into();
                self.command_buffer.name_encoder(self.describe());
            }

            /// Begins a named group of commands, for people who look at them with a tool.
            #[doc(alias = "pushDebugGroup:")]
            pub fn push_debug_group(&mut self, name: impl Into<String>) {
                self.debug_groups += 1;
                self.commands.push($command::PushDebugGroup(name.into()));
            }

            /// Ends the innermost group.
            ///
            /// # Errors
            ///
            /// If none is open.
            #[doc(alias = "popDebugGroup")]
            pub fn pop_debug_group(&mut self) -> Result<()> {
                self.checked(|this| {
                    let Some(open) = this.debug_groups.checked_sub(1) else {
                        return Err(Error::DebugGroups { encoder: this.describe(), open: 0 });
                    };
                    this.debug_groups = open;
                    this.commands.push($command::PopDebugGroup);
                    Ok(())
                })
            }

            /// An error if a debug group is open; it sticks to the command buffer.
            fn close_groups(&mut self) -> Result<()> {
                self.checked(|this| match this.debug_groups {
                    0 => Ok(()),
                    open => Err(Error::DebugGroups { encoder: this.describe(), open }),
                })
            }

            /// Makes an error stick to the command buffer.
            fn checked(&mut self, call: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
                call(self).inspect_err(|error| self.command_buffer.encoding_failed(error))
            }

            fn describe(&self) -> String {
                if self.label.is_empty() { concat!("a ", $name).into() } else { named($name, &self.label) }
            }
        }

        impl Drop for $encoder {
            fn drop(&mut self) {
                if !self.ended {
                    self.command_buffer.abandon_encoder(self.describe());
                }
            }
        }

        impl fmt::Debug for $encoder {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($encoder))
                    .field("label", &self.label)
                    .field("commands", &self.commands.len())
                    .finish_non_exhaustive()
            }
        }
    };
}

pub(super) use encoder;
