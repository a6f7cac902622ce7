import Support

// A fault proxy for scripts; see tools/start-fault-proxy. It says which port it took, and then breaks what
// each line of its standard input tells it to break.

guard CommandLine.arguments.count == 2, let target = UInt16(CommandLine.arguments[1]) else {
    preconditionFailure("usage: fault-proxy PORT")
}
let proxy = try FaultProxy(to: target)
print(proxy.port)
StandardOutput.flush()
while let line = readLine(), line != "stop" {
    if let faults = FaultProxy.Faults(line) {
        proxy.faults = faults
        print("ok \(proxy.counts)")
    } else {
        print("not understood: \(line)")
    }
    StandardOutput.flush()
}
