;; A WASI 0.2 command by hand: wasi:cli/run, writing through wasi:io/streams.
(component
  (import "wasi:io/error@0.2.0" (instance $error (export "error" (type (sub resource)))))
  (alias export $error "error" (type $error-resource))
  (import "wasi:io/streams@0.2.0" (instance $streams
    (alias outer 1 $error-resource (type $error))
    (export "output-stream" (type $output-stream (sub resource)))
    (type $cause (variant (case "last-operation-failed" (own $error)) (case "closed")))
    (export "stream-error" (type $stream-error (eq $cause)))
    (export "[method]output-stream.blocking-write-and-flush"
      (func (param "self" (borrow $output-stream)) (param "contents" (list u8)) (result (result (error $stream-error)))))))
  (alias export $streams "output-stream" (type $stream-resource))
  (import "wasi:cli/stdout@0.2.0" (instance $stdout
    (alias outer 1 $stream-resource (type $stream))
    (export "output-stream" (type $output-stream (eq $stream)))
    (export "get-stdout" (func (result (own $output-stream))))))

  (core module $memory-module (memory (export "memory") 1))
  (core instance $memory-instance (instantiate $memory-module))
  (alias core export $memory-instance "memory" (core memory $memory))
  (alias export $stdout "get-stdout" (func $get-stdout))
  (alias export $streams "[method]output-stream.blocking-write-and-flush" (func $write))
  (core func $core-get-stdout (canon lower (func $get-stdout)))
  (core func $core-write (canon lower (func $write) (memory $memory)))
  (core func $core-drop (canon resource.drop $stream-resource))

  (core module $code
    (import "memory" "memory" (memory 1))
    (import "host" "get-stdout" (func $get-stdout (result i32)))
    (import "host" "write" (func $write (param i32 i32 i32 i32)))
    (import "host" "drop" (func $drop (param i32)))
    (data (i32.const 64) "hello from a component\n")
    (func (export "run") (result i32)
      (local $stream i32)
      (local.set $stream (call $get-stdout))
      (call $write (local.get $stream) (i32.const 64) (i32.const 23) (i32.const 0))
      (call $drop (local.get $stream))
      (i32.load8_u (i32.const 0))))
  (core instance $instance (instantiate $code
    (with "memory" (instance $memory-instance))
    (with "host" (instance
      (export "get-stdout" (func $core-get-stdout))
      (export "write" (func $core-write))
      (export "drop" (func $core-drop))))))

  (func $run (result (result)) (canon lift (core func $instance "run")))
  (instance $run-interface (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $run-interface)))
