// Package transport is the server side of ZMTP 3.1, as much of it as a Jupyter kernel needs: ROUTER, XPUB and REP sockets
// with the NULL mechanism over tcp and ipc.
//
// It is built for peers that misbehave. Every peer has its own goroutines and its own bounded queue, so one that stalls
// delays nobody; one that sends garbage, nothing at all or far too much is disconnected and counted in [Counts]. No input
// ends the process.
package transport
