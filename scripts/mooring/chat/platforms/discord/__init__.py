"""Discord: interactions by webhook; answers as embeds. https://docs.discord.com/developers/interactions"""
