namespace Kache.Host;

/// <summary>What edits are made of. Kept in the journal, so that whoever undoes them knows what was ours.</summary>
/// <param name="Title">Who wrote it and how it goes away: the comment over our lines.</param>
/// <param name="Nameservers">Kache's DNS, as resolv.conf names it.</param>
/// <param name="Ca">Kache's certificate, PEM.</param>
/// <param name="Name">What our own files are called, without ending: kache- and the start of the certificate's fingerprint.</param>
/// <param name="Bundle">The system's file of roots, for tools that are told one; null when the machine has none.</param>
internal sealed record HostFacts(string Title, IReadOnlyList<string> Nameservers, string Ca, string Name, string? Bundle);
