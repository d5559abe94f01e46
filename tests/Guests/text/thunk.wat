;; A component whose only export is a plain function: it runs by #thunk.
(component
  (core module $code
    (func (export "thunk"))
    (func (export "trap") unreachable))
  (core instance $instance (instantiate $code))
  (func (export "thunk") (canon lift (core func $instance "thunk")))
  (func (export "thunk-trap") (canon lift (core func $instance "trap"))))
