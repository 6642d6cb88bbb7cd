//! Types of a binding's own around those of its runtime.
//!
//! What a binding is made of is its own business: a new major version of a crate beneath it is no
//! new one of the binding.

/// Declares a connection around another, or timers around others. For the bindings of this
/// project; the crate that uses it needs hyper at hand.
#[doc(hidden)]
#[macro_export]
macro_rules! opaque {
    ($(#[$attribute:meta])* connection $name:ident($inner:ty)) => {
        $(#[$attribute])*
        pub struct $name($inner);

        $crate::opaque!(@debug $name);

        impl ::hyper::rt::Read for $name {
            fn poll_read(
                mut self: ::core::pin::Pin<&mut Self>,
                cx: &mut ::core::task::Context<'_>,
                buffer: ::hyper::rt::ReadBufCursor<'_>,
            ) -> ::core::task::Poll<::std::io::Result<()>> {
                ::core::pin::Pin::new(&mut self.0).poll_read(cx, buffer)
            }
        }

        impl ::hyper::rt::Write for $name {
            fn poll_write(
                mut self: ::core::pin::Pin<&mut Self>,
                cx: &mut ::core::task::Context<'_>,
                bytes: &[u8],
            ) -> ::core::task::Poll<::std::io::Result<usize>> {
                ::core::pin::Pin::new(&mut self.0).poll_write(cx, bytes)
            }

            fn poll_flush(
                mut self: ::core::pin::Pin<&mut Self>,
                cx: &mut ::core::task::Context<'_>,
            ) -> ::core::task::Poll<::std::io::Result<()>> {
                ::core::pin::Pin::new(&mut self.0).poll_flush(cx)
            }

            fn poll_shutdown(
                mut self: ::core::pin::Pin<&mut Self>,
                cx: &mut ::core::task::Context<'_>,
            ) -> ::core::task::Poll<::std::io::Result<()>> {
                ::core::pin::Pin::new(&mut self.0).poll_shutdown(cx)
            }

            fn is_write_vectored(&self) -> bool {
                self.0.is_write_vectored()
            }

            fn poll_write_vectored(
                mut self: ::core::pin::Pin<&mut Self>,
                cx: &mut ::core::task::Context<'_>,
                slices: &[::std::io::IoSlice<'_>],
            ) -> ::core::task::Poll<::std::io::Result<usize>> {
                ::core::pin::Pin::new(&mut self.0).poll_write_vectored(cx, slices)
            }
        }
    };
    ($(#[$attribute:meta])* timer $name:ident($inner:ty)) => {
        $(#[$attribute])*
        #[derive(Clone)]
        pub struct $name($inner);

        $crate::opaque!(@debug $name);

        impl ::hyper::rt::Timer for $name {
            fn sleep(
                &self,
                duration: ::core::time::Duration,
            ) -> ::core::pin::Pin<::std::boxed::Box<dyn ::hyper::rt::Sleep>> {
                self.0.sleep(duration)
            }

            fn sleep_until(
                &self,
                deadline: ::std::time::Instant,
            ) -> ::core::pin::Pin<::std::boxed::Box<dyn ::hyper::rt::Sleep>> {
                self.0.sleep_until(deadline)
            }

            fn reset(
                &self,
                sleep: &mut ::core::pin::Pin<::std::boxed::Box<dyn ::hyper::rt::Sleep>>,
                deadline: ::std::time::Instant,
            ) {
                self.0.reset(sleep, deadline);
            }

            fn now(&self) -> ::std::time::Instant {
                self.0.now()
            }
        }
    };
    ($(#[$attribute:meta])* listener $name:ident($inner:ty)) => {
        $(#[$attribute])*
        pub struct $name($inner);

        $crate::opaque!(@debug $name);
    };
    (@debug $name:ident) => {
        impl ::core::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}
