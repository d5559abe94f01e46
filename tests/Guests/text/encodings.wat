;; wasi:cli/environment.get-arguments taken in every string encoding: the last argument's bytes go to stdout as they lie in memory,
;; first in UTF-8, then in UTF-16, then in latin1+utf16, each after its length word (32 bits, little endian).
(component
  (import "wasi:io/error@0.2.0" (instance $io-error
    (export "error" (type (sub resource)))))
  (alias export $io-error "error" (type $error))
  (import "wasi:io/streams@0.2.0" (instance $streams
    (export "output-stream" (type $output-stream (sub resource)))
    (alias outer 1 $error (type $outer-error))
    (export "error" (type $error (eq $outer-error)))
    (type $stream-error-is (variant (case "last-operation-failed" (own $error)) (case "closed")))
    (export "stream-error" (type $stream-error (eq $stream-error-is)))
    (export "[method]output-stream.blocking-write-and-flush"
      (func (param "self" (borrow $output-stream)) (param "contents" (list u8)) (result (result (error $stream-error)))))))
  (alias export $streams "output-stream" (type $output-stream))
  (import "wasi:cli/stdout@0.2.0" (instance $stdout
    (alias outer 1 $output-stream (type $outer-output-stream))
    (export "output-stream" (type $output-stream (eq $outer-output-stream)))
    (export "get-stdout" (func (result (own $output-stream))))))
  (import "wasi:cli/environment@0.2.0" (instance $environment
    (export "get-arguments" (func (result (list string))))))

  (core module $Memory
    (memory (export "memory") 1)
    (global $end (mut i32) (i32.const 1024))
    (func (export "realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
      (local $start i32)
      (local.set $start (i32.and
        (i32.add (global.get $end) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
      (global.set $end (i32.add (local.get $start) (local.get $size)))
      (memory.copy (local.get $start) (local.get $old)
        (select (local.get $old-size) (local.get $size) (i32.lt_u (local.get $old-size) (local.get $size))))
      (local.get $start)))
  (core instance $mem (instantiate $Memory))
  (alias core export $mem "memory" (core memory $memory))
  (alias core export $mem "realloc" (core func $realloc))
  (core func $utf8
    (canon lower (func $environment "get-arguments") (memory $memory) (realloc $realloc) string-encoding=utf8))
  (core func $utf16
    (canon lower (func $environment "get-arguments") (memory $memory) (realloc $realloc) string-encoding=utf16))
  (core func $latin1
    (canon lower (func $environment "get-arguments") (memory $memory) (realloc $realloc) string-encoding=latin1+utf16))
  (core func $get-stdout (canon lower (func $stdout "get-stdout")))
  (core func $write
    (canon lower (func $streams "[method]output-stream.blocking-write-and-flush") (memory $memory)))

  (core module $Main
    (import "host" "utf8" (func $utf8 (param i32)))
    (import "host" "utf16" (func $utf16 (param i32)))
    (import "host" "latin1" (func $latin1 (param i32)))
    (import "host" "get-stdout" (func $get-stdout (result i32)))
    (import "host" "write" (func $write (param i32 i32 i32 i32)))
    (import "mem" "memory" (memory 1))
    (global $stdout (mut i32) (i32.const 0))
    ;; The last of the arguments that lie at the list of address 0: its address.
    (func $last (result i32)
      (i32.add (i32.load (i32.const 0)) (i32.mul (i32.sub (i32.load (i32.const 4)) (i32.const 1)) (i32.const 8))))
    (func $print (param $data i32) (param $size i32)
      (call $write (global.get $stdout) (local.get $data) (local.get $size) (i32.const 16))
      (if (i32.load8_u (i32.const 16)) (then unreachable)))
    (func $print-last (param $shift i32)
      (local $last i32) (local $units i32)
      (local.set $last (call $last))
      (call $print (i32.add (local.get $last) (i32.const 4)) (i32.const 4))
      (local.set $units (i32.load offset=4 (local.get $last)))
      ;; latin1+utf16 says with the highest bit that this string is UTF-16.
      (if (i32.lt_s (local.get $units) (i32.const 0))
        (then
          (local.set $units (i32.and (local.get $units) (i32.const 0x7FFFFFFF)))
          (local.set $shift (i32.const 1))))
      (call $print (i32.load (local.get $last)) (i32.shl (local.get $units) (local.get $shift))))
    (func (export "run") (result i32)
      (global.set $stdout (call $get-stdout))
      (call $utf8 (i32.const 0))
      (call $print-last (i32.const 0))
      (call $utf16 (i32.const 0))
      (call $print-last (i32.const 1))
      (call $latin1 (i32.const 0))
      (call $print-last (i32.const 0))
      (i32.const 0)))
  (core instance $main (instantiate $Main
    (with "mem" (instance $mem))
    (with "host" (instance
      (export "utf8" (func $utf8))
      (export "utf16" (func $utf16))
      (export "latin1" (func $latin1))
      (export "get-stdout" (func $get-stdout))
      (export "write" (func $write))))))
  (func $run (result (result)) (canon lift (core func $main "run")))
  (instance $run-instance (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $run-instance)))
