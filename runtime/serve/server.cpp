#include "server.h"

#include "base/error.h"
#include "base/format.h"

#include <boost/asio/ip/tcp.hpp>

namespace sinter::serve {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::beast::error_code;

Server::Server(asio::io_context &io, Service &service, ServerOptions options)
    : io_(io), service_(service), options_(std::move(options)), acceptor_(io), pause_(io) {
  error_code error;
  const std::string host = options_.host == "localhost" ? "127.0.0.1" : options_.host;
  const asio::ip::address address = asio::ip::make_address(host.c_str(), error);
  if (error)
    fail(Exit::Input, formatted("--host {}: must be an address such as 127.0.0.1 or ::", options_.host));
  const tcp::endpoint endpoint(address, options_.port);
  acceptor_.open(endpoint.protocol(), error);
  if (!error)
    acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  if (!error)
    acceptor_.bind(endpoint, error);
  if (!error)
    acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error)
    fail(Exit::Input, formatted("cannot listen at {}, port {}: {}; --port takes another one, 0 any that is free",
                                options_.host, options_.port, error.message()));
  accept();
}

std::string Server::address() const {
  const tcp::endpoint endpoint = acceptor_.local_endpoint();
  const std::string host = endpoint.address().to_string();
  return formatted("http://{}:{}", endpoint.address().is_v6() ? "[" + host + "]" : host, endpoint.port());
}

void Server::accept() {
  acceptor_.async_accept([this](error_code error, tcp::socket socket) { onAccept(error, std::move(socket)); });
}

void Server::onAccept(error_code error, tcp::socket socket) {
  if (!acceptor_.is_open())
    return;
  if (error) { // such as too many open files: some will be closed
    pause_.expires_after(std::chrono::milliseconds(100));
    return pause_.async_wait([this](error_code) {
      if (acceptor_.is_open())
        accept();
    });
  }
  // One more than there may be is closed at once: its client sees that, and the others are not disturbed.
  if (sessions_.size() < options_.connections) {
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    const uint64_t number = next_++;
    auto session = std::make_shared<Session>(io_, std::move(socket), service_, options_.limits,
                                             [this, number] { sessions_.erase(number); });
    sessions_[number] = session;
    session->start();
  }
  accept();
}

void Server::leave() {
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
  service_.leave();
  std::vector<std::shared_ptr<Session>> open; // each takes itself out of the map as it goes
  for (const auto &[number, weak] : sessions_)
    if (auto session = weak.lock())
      open.push_back(std::move(session));
  for (const auto &session : open)
    session->leave();
}

} // namespace sinter::serve
